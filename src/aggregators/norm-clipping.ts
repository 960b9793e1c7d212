/**
 * Norm clipping: the mean of vectors that are shortened to length τ where they are longer.
 *
 *     out = (1/n) Σ x_i min(1, τ/‖x_i‖)
 *
 * f liars move the result by at most fτ/n each round, and do so for ever: it bounds the harm and does not end it.
 * @param tau τ > 0, of the size of the honest vectors' norms
 * @see Sun, Kairouz, Suresh & McMahan 2019, "Can You Really Backdoor Federated Learning?", arXiv:1911.07963
 */
import { checkArguments, parseNumber } from "../base/spec.ts";
import { kernels } from "../kernels/index.ts";
import type { Aggregator } from "./aggregator.ts";
import type { AggregatorEntry } from "./entry.ts";
import { gathering } from "./gathering.ts";
import { linearCombination } from "./linear.ts";

export function normClipping(tau: number, where = "norm-clipping"): Aggregator {
  const radius = parseNumber(String(tau), `${where}: tau`, { above: 0 });
  return gathering({
    name: `norm-clipping:${radius}`,
    tolerates: () => 0,
    open: () => ({
      combine(vectors, out) {
        const weights = vectors.map((x) => Math.min(1, radius / Math.sqrt(kernels.sumSquares(x))) / vectors.length);
        linearCombination(weights, vectors, out);
      },
    }),
  });
}

export const normClippingEntry: AggregatorEntry = {
  name: "norm-clipping",
  summary: "the mean of vectors shortened to length τ",
  paper: "arXiv:1911.07963",
  law: "(1/n) Σ x_i min(1, τ/‖x_i‖); f liars move it by at most fτ/n",
  options: [{ name: "τ", meaning: "the longest that a vector may be, above 0" }],
  examples: ["norm-clipping:3"],
  parse(spec, where) {
    checkArguments(spec, where, 1);
    return normClipping(parseNumber(spec.values[0] ?? "", `${where}: tau`), where);
  },
};
