/**
 * Mean: out = Σ (1/n) decoded_i, added in rank order in f32, so that the sum has the same bits in every run. A channel that
 * has a collector sums by itself, and keeps what it must of absent senders.
 */
import { checkArguments } from "../base/spec.ts";
import type { Collector } from "../channels/channel.ts";
import type { Aggregation, Aggregator } from "./aggregator.ts";
import type { AggregatorEntry } from "./entry.ts";
import { endsOf, receivers } from "./receivers.ts";
import { toleranceWarnings } from "./tolerance.ts";

export const mean: Aggregator = {
  name: "mean",
  open(setup) {
    const { channel, senders, layout, keeper, elastic } = setup;
    const collector = elastic === true ? undefined : channel.collector?.(senders.length, layout.length, layout);
    if (collector !== undefined) {
      keeper?.carry("collector", collector);
      return collected(collector);
    }
    const ends = receivers(setup);
    let weight = 0;
    return {
      begin(out, expected) {
        out.fill(0);
        weight = 1 / expected;
      },
      add: (sender, message, rng, out) => ends[sender]!.receiver.decodeAdd(message, out, weight, rng),
      finish: () => {},
      ends: new Map(endsOf(ends)),
    };
  },
  warnings: (use) => toleranceWarnings({ name: "mean", tolerates: () => 0 }, use),
};

const collected = (collector: Collector): Aggregation => ({
  begin: (out, expected) => collector.begin(out, expected),
  add: (sender, message, rng, out) => collector.add(sender, message, out, rng),
  finish: (out) => collector.finish(out),
  ends: new Map([["collector", collector]]),
});

export const meanEntry: AggregatorEntry = {
  name: "mean",
  summary: "every message counts alike",
  law: "(1/n) Σ x_i, added in rank order",
  options: [],
  examples: ["mean"],
  parse(spec, where) {
    checkArguments(spec, where, 0);
    return mean;
  },
};
