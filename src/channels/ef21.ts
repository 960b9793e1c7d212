/**
 * EF21: both ends keep an estimate g of the sender's vector, and what is received is the estimate itself.
 *
 *     sender:    send c = C(u − g);  g ← g + c          g: f32, length d
 *     receiver:  r = g ← g + c
 *     of n:      r = G ← G + (1/n) Σ c_i                one G = mean g_i; silent senders count by their g_i
 *
 * For contractive C, and a u that does not change, E‖g_t − u‖² ≤ (1 − δ)^t ‖g_0 − u‖²: top-k has g = u after ⌈d/k⌉
 * messages. g_0 is C(u_0), as in the paper's listing, or with `init: "full"` u_0, as in its experiments.
 * A lost message sets the ends apart: replay it, or restore `save().shared`.
 * @see Richtárik, Sokolov & Fatkhullin 2021, "EF21", arXiv:2106.05203
 * @see Fatkhullin et al. 2021, "EF21 with Bells & Whistles" (partial participation), arXiv:2110.03294
 */
import { checkArguments } from "../base/spec.ts";
import type { Compressor } from "../compressors/compressor.ts";
import type { Channel } from "./channel.ts";
import { type ChannelEntry, channelName, choiceOf } from "./entry.ts";
import { mirrored } from "./mirrored.ts";
import type { Init } from "./stages.ts";

export interface Ef21Options {
  /** "compressed" (default) and "zero" are two words for one thing, since C(u_0) = 0 + C(u_0 − 0). */
  readonly init?: Init | "compressed";
}

/** The one word for each start. */
export const startOf = ({ init = "zero" }: Ef21Options): Init => (init === "compressed" ? "zero" : init);

export function ef21(compressor: Compressor, options: Ef21Options = {}): Channel {
  const init = startOf(options);
  const name = channelName("ef21", compressor, { init }, { init: "zero" });
  return mirrored(name, compressor, { init, alpha: () => 1, weight: (senders) => 1 / senders });
}

export const ef21Entry: ChannelEntry = {
  name: "ef21",
  summary: "both ends keep an estimate, and the difference travels; the estimate is what is received",
  paper: "arXiv:2106.05203",
  law: "r = g; E‖g_t − u‖² ≤ (1 − δ)^t ‖g_0 − u‖² for constant u and contractive C",
  memory: { sender: 2, receiver: 2 },
  options: [
    {
      name: "init=compressed|full|zero",
      meaning: "the first message is C(u) (default; zero is the same), or u as f32",
    },
  ],
  parse(spec, compressor, where) {
    checkArguments(spec, where, 0, ["init"]);
    return ef21(compressor, { init: choiceOf(spec, "init", ["compressed", "full", "zero"], where) });
  },
};
