/**
 * Coordinate median: out_j = the middle of x_1j … x_nj, for even n the mean of the two middle ones.
 *
 * Safe from f < n/2 liars, with an error that grows with √d; its guarantee is for workers with data of one distribution.
 * @see Yin, Chen, Ramchandran & Bartlett 2018, "Byzantine-Robust Distributed Learning", arXiv:1803.01498
 */
import { checkArguments } from "../base/spec.ts";
import type { Aggregator } from "./aggregator.ts";
import { columnwise } from "./columns.ts";
import type { AggregatorEntry } from "./entry.ts";
import { gathering } from "./gathering.ts";
import { minority } from "./tolerance.ts";

export const median: Aggregator = gathering({
  name: "median",
  tolerates: minority,
  assumesAlike: true,
  open: (_, most) => columnwise(most, middle),
});

/** Of sorted values. */
function middle(sorted: Float32Array): number {
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

export const medianEntry: AggregatorEntry = {
  name: "median",
  summary: "the median of each coordinate",
  paper: "arXiv:1803.01498",
  law: "out_j = median of x_1j … x_nj; safe from f < n/2",
  options: [],
  examples: ["median"],
  parse(spec, where) {
    checkArguments(spec, where, 0);
    return median;
  },
};
