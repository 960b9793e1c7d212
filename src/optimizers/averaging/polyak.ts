/**
 * Polyak-Ruppert: the plain mean of all iterates, and the polynomial average, which counts later ones more,
 *
 *     w_k = (p + 1)/(k + p);   p = 0 is the plain mean.
 *
 * @see Polyak & Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging"
 * @see Shamir & Zhang 2013, "Stochastic Gradient Descent for Non-smooth Optimization", arXiv:1212.1824 (polynomial)
 */
import { checkArguments, parseNumber } from "../../base/spec.ts";
import { type Averaging, averagingOf } from "./averaging.ts";
import type { AveragingEntry } from "./entry.ts";

export const polyak: Averaging = averagingOf("polyak", (k) => 1 / k);

/** @param power p ≥ 0 */
export const polynomialAverage = (power = 3): Averaging =>
  averagingOf(power === 3 ? "polynomial" : `polynomial:power=${power}`, (k) => (power + 1) / (k + power));

export const polyakEntry: AveragingEntry = {
  name: "polyak",
  summary: "the mean of all iterates",
  paper: "Polyak & Juditsky 1992",
  law: "x̄ = (1/k) Σ x_i",
  options: [],
  examples: ["polyak"],
  parse(spec, where) {
    checkArguments(spec, where, 0);
    return polyak;
  },
};

export const polynomialAverageEntry: AveragingEntry = {
  name: "polynomial",
  summary: "a mean that counts later iterates more",
  paper: "arXiv:1212.1824",
  law: "x̄ ← x̄ + (p + 1)/(k + p) (x − x̄)",
  options: [{ name: "power", meaning: "p, 0 is the plain mean (default 3)" }],
  examples: ["polynomial", "polynomial:power=1"],
  parse(spec, where) {
    checkArguments(spec, where, 0, ["power"]);
    return polynomialAverage(parseNumber(spec.options.get("power") ?? "3", `${where}: power`, { min: 0 }));
  },
};
