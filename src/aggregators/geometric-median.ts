/**
 * Geometric median (RFA): the point with the least sum of distances to all vectors, by smoothed Weiszfeld rounds.
 *
 *     z ← mean;  then in each round  z ← Σ w_i x_i / Σ w_i,  w_i = 1/max(ν, ‖x_i − z‖)
 *
 * Safe from f < n/2 liars; its guarantee is for workers with data of one distribution. A round brings z nearer to the honest
 * vectors by about f/(n − f), so that lies R times their size need log R/log((n − f)/f) rounds: 8 are enough for one
 * liar in ten and R = 10⁷. z is rounded to f32 in each round.
 * @param options rounds: a whole number ≥ 1, 8 if left out; nu: ν > 0 smooths near a vector, 1e-6 if left out
 * @see Pillutla, Kakade & Harchaoui 2019, "Robust Aggregation for Federated Learning", arXiv:1912.13445
 */
import { checkArguments, parseNumber } from "../base/spec.ts";
import type { Aggregator } from "./aggregator.ts";
import type { AggregatorEntry } from "./entry.ts";
import { gathering } from "./gathering.ts";
import { distance, linearCombination, meanOf } from "./linear.ts";
import { minority } from "./tolerance.ts";

export interface GeometricMedianOptions {
  readonly rounds?: number;
  readonly nu?: number;
}

export function geometricMedian(options: GeometricMedianOptions = {}, where = "geometric-median"): Aggregator {
  const rounds = parseNumber(String(options.rounds ?? 8), `${where}: rounds`, { min: 1, max: 1000, integer: true });
  const nu = parseNumber(String(options.nu ?? 1e-6), `${where}: nu`, { above: 0 });
  const words = [...(rounds === 8 ? [] : [`rounds=${rounds}`]), ...(nu === 1e-6 ? [] : [`nu=${nu}`])];
  return gathering({
    name: `geometric-median${words.length === 0 ? "" : `:${words.join(",")}`}`,
    tolerates: minority,
    assumesAlike: true,
    open: () => ({
      combine(vectors, out) {
        meanOf(vectors, out);
        for (let round = 0; round < rounds; round++) {
          const weights = vectors.map((x) => 1 / Math.max(nu, distance(x, out)));
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          linearCombination(
            weights.map((weight) => weight / total),
            vectors,
            out,
          );
        }
      },
    }),
  });
}

export const geometricMedianEntry: AggregatorEntry = {
  name: "geometric-median",
  summary: "the point with the least sum of distances to all vectors (RFA)",
  paper: "arXiv:1912.13445",
  law: "z ← Σ w_i x_i / Σ w_i, w_i = 1/max(ν, ‖x_i − z‖), from the mean; safe from f < n/2",
  options: [
    { name: "rounds=…", meaning: "Weiszfeld rounds (default 8)" },
    { name: "nu=…", meaning: "ν, the least distance that counts (default 1e-6)" },
  ],
  examples: ["geometric-median", "geometric-median:rounds=3,nu=0.001"],
  parse(spec, where) {
    checkArguments(spec, where, 0, ["rounds", "nu"]);
    const read = (key: "rounds" | "nu") => {
      const text = spec.options.get(key);
      return text === undefined ? {} : { [key]: parseNumber(text, `${where}: ${key}`) };
    };
    return geometricMedian({ ...read("rounds"), ...read("nu") }, where);
  },
};
