/**
 * Differences (CHOCO): neighbours hold the same public copy x̂ of a node's model; only changes travel.
 *
 *     sender:    q = C(y − x̂);  send q;  x̂ ← x̂ + q     y: the node's model after its local step
 *     receiver:  r = x̂ ← x̂ + q
 *
 * The algorithm of EF21 in another place: what is sent is a model, and what averages is x = y + γ Σ_j w_ij (x̂_j − x̂_i) at
 * every node. All x̂ begin at 0, or, with `init: "full"`, at the first model. The sender keeps its own x̂ through a
 * receiver of its own.
 * @see Koloskova, Stich & Jaggi 2019, "Decentralized Stochastic Optimization and Gossip Algorithms with Compressed
 *   Communication", arXiv:1902.00340
 */
import { checkArguments } from "../base/spec.ts";
import type { Compressor } from "../compressors/compressor.ts";
import type { Channel } from "./channel.ts";
import { type ChannelEntry, channelName, choiceOf } from "./entry.ts";
import { mirrored } from "./mirrored.ts";
import type { Init } from "./stages.ts";

export interface DifferenceOptions {
  /** Default "zero". */
  readonly init?: Init;
}

export function difference(compressor: Compressor, { init = "zero" }: DifferenceOptions = {}): Channel {
  const name = channelName("difference", compressor, { init }, { init: "zero" });
  return mirrored(name, compressor, { init, alpha: () => 1 });
}

export const differenceEntry: ChannelEntry = {
  name: "difference",
  summary: "neighbours hold a public copy of a model, and the difference travels",
  paper: "arXiv:1902.00340",
  law: "r = x̂; E‖x̂_t − y‖² ≤ (1 − δ)^t ‖x̂_0 − y‖² for constant y and contractive C",
  memory: { sender: 2, receiver: 2 },
  options: [{ name: "init=zero|full", meaning: "the first message is C(y) (default), or y as f32" }],
  parse(spec, compressor, where) {
    checkArguments(spec, where, 0, ["init"]);
    return difference(compressor, { init: choiceOf(spec, "init", ["zero", "full"], where) });
  },
};
