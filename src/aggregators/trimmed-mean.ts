/**
 * Trimmed mean: of each coordinate the b lowest and b highest values are dropped, and the rest is averaged.
 *
 * Safe from f ≤ b < n/2 liars; its guarantee is for workers with data of one distribution. A sender whose message does not
 * decode is one of the b.
 * @param b a whole number ≥ 0; 0 is the mean
 * @throws {ConfigError} if b is none, and on opening unless 2b < n
 * @see Yin, Chen, Ramchandran & Bartlett 2018, "Byzantine-Robust Distributed Learning", arXiv:1803.01498
 */
import { checkArguments, parseNumber } from "../base/spec.ts";
import type { Aggregator } from "./aggregator.ts";
import { columnwise } from "./columns.ts";
import type { AggregatorEntry } from "./entry.ts";
import { gathering } from "./gathering.ts";
import { minority } from "./tolerance.ts";

export function trimmedMean(b: number, where = "trimmed-mean"): Aggregator {
  const trimmed = parseNumber(String(b), `${where}: b`, { min: 0, integer: true });
  const left = (gone: number) => Math.max(0, trimmed - gone);
  return gathering({
    name: `trimmed-mean:${trimmed}`,
    least: (gone) => 2 * left(gone) + 1,
    tolerates: (n) => Math.min(trimmed, minority(n)),
    assumesAlike: true,
    open: (_, most) => columnwise(most, (sorted, gone) => meanWithin(sorted, left(gone))),
  });
}

function meanWithin(sorted: Float32Array, b: number): number {
  let sum = 0;
  for (let i = b; i < sorted.length - b; i++) sum += sorted[i]!;
  return sum / (sorted.length - 2 * b);
}

export const trimmedMeanEntry: AggregatorEntry = {
  name: "trimmed-mean",
  summary: "the mean of each coordinate without its b lowest and b highest values",
  paper: "arXiv:1803.01498",
  law: "mean of the n − 2b middle values of each coordinate; safe from f ≤ b < n/2",
  options: [{ name: "b", meaning: "values dropped at each end, a whole number (default 1)" }],
  examples: ["trimmed-mean:1", "trimmed-mean:2"],
  parse(spec, where) {
    checkArguments(spec, where, 1);
    return trimmedMean(parseNumber(spec.values[0] ?? "1", where), where);
  },
};
