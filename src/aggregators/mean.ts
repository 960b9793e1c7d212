/**
 * Mean: out = Σ (1/n) decoded_i, added in rank order in f32, so that the sum has the same bits in every run.
 */
import type { Aggregator } from "./aggregator.ts";

export const mean: Aggregator = {
  name: "mean",
  open: (senders) => ({
    begin: (out) => void out.fill(0),
    add: (receiver, message, rng, out) => receiver.decodeAdd(message, out, 1 / senders, rng),
    finish: () => {},
  }),
};
