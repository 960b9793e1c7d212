/**
 * Weighted mean: out = Σ w_i x_i / Σ w_i, where w_i is the number of rows of data that worker i has. With it the average of
 * the workers' gradients is the gradient over all rows, however they are spread.
 *
 * Added in rank order in f32, as `mean` does, and with equal weights it is `mean`, bit for bit. With partial participation
 * Σ w_i is what those expected have on average, so that the result is unbiased.
 * @throws {ConfigError} on opening, unless weights are finite and at least 0, and one is above 0
 * @see McMahan, Moore, Ramage, Hampson & Agüera y Arcas 2016, arXiv:1602.05629
 */
import { assert, ConfigError } from "../base/errors.ts";
import { checkArguments } from "../base/spec.ts";
import type { Aggregator } from "./aggregator.ts";
import type { AggregatorEntry } from "./entry.ts";
import { endsOf, receivers } from "./receivers.ts";
import { toleranceWarnings } from "./tolerance.ts";

export const weightedMean: Aggregator = {
  name: "weighted-mean",
  open(setup) {
    const { senders, weights = senders.map(() => 1) } = setup;
    assert(weights.length === senders.length, "every sender has a weight");
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (!(total > 0 && Number.isFinite(total)) || weights.some((weight) => weight < 0)) {
      throw new ConfigError("weighted-mean", { expected: "weights of at least 0, not all 0", got: `[${weights}]` });
    }
    const ends = receivers(setup);
    let count = 0;
    return {
      begin(out, expected) {
        out.fill(0);
        count = expected;
      },
      add(sender, message, rng, out) {
        const share = (weights[sender]! * senders.length) / total; // 1 on average
        ends[sender]!.receiver.decodeAdd(message, out, share / count, rng);
      },
      finish: () => {},
      ends: new Map(endsOf(ends)),
    };
  },
  warnings: (use) => toleranceWarnings({ name: "weighted-mean", tolerates: () => 0 }, use),
};

export const weightedMeanEntry: AggregatorEntry = {
  name: "weighted-mean",
  summary: "messages count by the rows of data behind them",
  paper: "arXiv:1602.05629",
  law: "Σ w_i x_i / Σ w_i, added in rank order",
  options: [],
  examples: ["weighted-mean"],
  parse(spec, where) {
    checkArguments(spec, where, 0);
    return weightedMean;
  },
};
