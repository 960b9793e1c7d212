/**
 * Centered clipping: from the last aggregate, a step to the mean of the vectors, each of which may pull no farther than τ.
 *
 *     v ← v + (1/n) Σ (x_i − v) min(1, τ/‖x_i − v‖),   `rounds` times from the last decided aggregate, 0 at first
 *
 * A lie that is small in every round but always the same way defeats rules that see one round only; this one remembers, so
 * with momentum at the workers (0.9 or more) it withstands that too: in the analysis up to about n/10 liars. Two vectors
 * of memory more than others.
 * @param tau τ > 0, of the size of the honest vectors' distance from one another
 * @param rounds a whole number ≥ 1
 * @see Karimireddy, He & Jaggi 2020, "Learning from History for Byzantine Robust Optimization", arXiv:2012.10333
 */
import { checkArguments, parseNumber } from "../base/spec.ts";
import type { Aggregator } from "./aggregator.ts";
import type { AggregatorEntry } from "./entry.ts";
import { gathering } from "./gathering.ts";
import { distance, linearCombination } from "./linear.ts";
import { Remembered } from "./remembered.ts";

export function centeredClipping(tau: number, rounds = 1, where = "centered-clipping"): Aggregator {
  const radius = parseNumber(String(tau), `${where}: tau`, { above: 0 });
  const times = parseNumber(String(rounds), `${where}: rounds`, { min: 1, max: 1000, integer: true });
  const name = `centered-clipping:${radius}${times === 1 ? "" : `,rounds=${times}`}`;
  return gathering({
    name,
    tolerates: (n) => Math.floor(n / 10),
    open({ length }) {
      const memory = new Remembered(length, 0, name);
      return {
        memory,
        combine(vectors, out) {
          out.set(memory.values);
          for (let round = 0; round < times; round++) {
            const pulls = vectors.map((x) => Math.min(1, radius / distance(x, out)) / vectors.length);
            const pulled = pulls.reduce((sum, pull) => sum + pull, 0);
            linearCombination([1 - pulled, ...pulls], [out, ...vectors], out);
          }
          memory.propose(out);
        },
      };
    },
  });
}

export const centeredClippingEntry: AggregatorEntry = {
  name: "centered-clipping",
  summary: "from the last aggregate towards each vector, no farther than τ",
  paper: "arXiv:2012.10333",
  law: "v ← v + (1/n) Σ (x_i − v) min(1, τ/‖x_i − v‖); with momentum at the workers safe from f ≤ n/10",
  options: [
    { name: "τ", meaning: "how far a vector may pull, above 0" },
    { name: "rounds=…", meaning: "steps in each round (default 1)" },
  ],
  examples: ["centered-clipping:1", "centered-clipping:0.5,rounds=3"],
  parse(spec, where) {
    checkArguments(spec, where, 1, ["rounds"]);
    const tau = parseNumber(spec.values[0] ?? "", `${where}: tau`);
    return centeredClipping(tau, parseNumber(spec.options.get("rounds") ?? "1", where), where);
  },
};
