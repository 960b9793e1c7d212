/**
 * Krum: the vector that lies closest to its n − f − 2 nearest neighbours; multi-Krum: the mean of the m best such vectors.
 *
 *     score_i = Σ of the n − f − 2 smallest ‖x_i − x_j‖², j ≠ i          the lowest wins, of equal ones the lowest rank
 *
 * Safe from f ≤ (n − 3)/2 liars; its guarantee is for workers with data of one distribution, for it follows one of them.
 * A sender whose message does not decode is one of the f. Work n²d/2.
 * @param f liars to be safe from, a whole number ≥ 0
 * @param m vectors averaged, a whole number ≥ 1; "most": n − 2f − 2, at least 1. The guarantee ends at n − f − 2
 * @throws {ConfigError} if f or m is none, and on opening unless n ≥ 2f + 3 and n − f ≥ m
 * @see Blanchard, El Mhamdi, Guerraoui & Stainer 2017, "Machine Learning with Adversaries", arXiv:1703.02757
 */
import { checkArguments, parseNumber } from "../base/spec.ts";
import type { Aggregator } from "./aggregator.ts";
import type { AggregatorEntry } from "./entry.ts";
import { gathering } from "./gathering.ts";
import { BLOCK, meanOf, squaredDistance } from "./linear.ts";

export const krum = (f: number, where = "krum"): Aggregator => scored("krum", f, 1, where);

export const multiKrum = (f: number, m: number | "most" = "most", where = "multi-krum"): Aggregator =>
  scored("multi-krum", f, m, where);

function scored(kind: "krum" | "multi-krum", f: number, m: number | "most", where: string): Aggregator {
  const liars = parseNumber(String(f), `${where}: f`, { min: 0, integer: true });
  const wanted = m === "most" ? m : parseNumber(String(m), `${where}: m`, { min: 1, integer: true });
  const name = `${kind}:${liars}${kind === "krum" || wanted === "most" ? "" : `,m=${wanted}`}`;
  const left = (gone: number) => Math.max(0, liars - gone);
  return gathering({
    name,
    least: (gone) => Math.max(2 * left(gone) + 3, wanted === "most" ? 1 : wanted + left(gone)),
    tolerates: (n) => Math.max(0, Math.min(liars, Math.floor((n - 3) / 2))),
    assumesAlike: true,
    warnings: ({ workers }) =>
      wanted !== "most" && wanted > Math.max(1, workers - liars - 2)
        ? [`${name}: m is above n − f − 2 = ${workers - liars - 2}, where its guarantee ends`]
        : [],
    open: (_, most) => {
      const squares = new Float64Array(most * most);
      return {
        combine(vectors, out, { gone }) {
          const n = vectors.length;
          const faulty = left(gone);
          const scores = scoresOf(vectors, n - faulty - 2, squares);
          const best = [...scores.keys()].sort((i, j) => scores[i]! - scores[j]!); // stable: ties stay in rank order
          const count = wanted === "most" ? Math.max(1, n - 2 * faulty - 2) : wanted;
          const chosen = best.slice(0, count).sort((i, j) => i - j);
          meanOf(
            chosen.map((i) => vectors[i]!),
            out,
          );
        },
      };
    },
  });
}

/** Of each vector, the sum of its `near` smallest squared distances. @param squares room for n² of them */
export function scoresOf(vectors: readonly Float32Array[], near: number, squares: Float64Array): number[] {
  const n = vectors.length;
  const { length } = vectors[0]!;
  squares.fill(0);
  for (let from = 0; from < length; from += BLOCK) {
    const to = Math.min(from + BLOCK, length);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) squares[i * n + j]! += squaredDistance(vectors[i]!, vectors[j]!, from, to);
    }
  }
  return vectors.map((_, i) =>
    Float64Array.from({ length: n }, (_, j) => (i > j ? squares[i * n + j]! : squares[j * n + i]!))
      .sort()
      .subarray(1, near + 1) // the first is the distance to itself, 0
      .reduce((sum, square) => sum + square, 0),
  );
}

const LIARS = { name: "f", meaning: "liars to be safe from, a whole number (default 1); n ≥ 2f + 3" };

export const krumEntry: AggregatorEntry = {
  name: "krum",
  summary: "the one vector that lies closest to most others",
  paper: "arXiv:1703.02757",
  law: "argmin over i of the sum of the n − f − 2 smallest ‖x_i − x_j‖²; safe from f ≤ (n − 3)/2",
  options: [LIARS],
  examples: ["krum:1"],
  parse(spec, where) {
    checkArguments(spec, where, 1);
    return krum(parseNumber(spec.values[0] ?? "1", where), where);
  },
};

export const multiKrumEntry: AggregatorEntry = {
  name: "multi-krum",
  summary: "the mean of the m vectors that lie closest to most others",
  paper: "arXiv:1703.02757",
  law: "mean of the m vectors with the lowest sums of their n − f − 2 smallest ‖x_i − x_j‖²; safe from f ≤ (n − 3)/2",
  options: [LIARS, { name: "m=…", meaning: "vectors averaged, at most n − f − 2 (default n − 2f − 2)" }],
  examples: ["multi-krum:1", "multi-krum:1,m=2"],
  parse(spec, where) {
    checkArguments(spec, where, 1, ["m"]);
    const m = spec.options.get("m");
    return multiKrum(
      parseNumber(spec.values[0] ?? "1", where),
      m === undefined ? "most" : parseNumber(m, where),
      where,
    );
  },
};
