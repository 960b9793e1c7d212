/**
 * Memory (DIANA, Artemis): both ends follow the sender's vector with a memory h, and compress what is new in it.
 *
 *     sender:    send c = C(u − h);     h ← h + α c
 *     receiver:  r = h + c;             h ← h + α c
 *     of n:      r = h̄ + (1/m) Σ c_i;   h̄ ← h̄ + (α/n) Σ c_i      m = n, or pn where only some take part
 *
 * For unbiased C, r is unbiased, and while u stays the same E‖h − u‖² ≤ (1 − α)^t ‖h_0 − u‖² for α ≤ 1/(1 + ω): the noise
 * of compression dies out, where that of C(u) would not. With a contractive C and α = 1 this is EF21.
 *
 * `keep: "mean"` lets the server remember h̄ alone (PP2): a silent sender counts by its memory. "each" keeps one memory
 * a sender and averages those who spoke (PP1); with partial participation it has a floor.
 * @see Mishchenko, Gorbunov, Takáč & Richtárik 2019, "Distributed Learning with Compressed Gradient Differences",
 *   arXiv:1901.09269
 * @see Philippenko & Dieuleveut 2020, "Artemis", arXiv:2006.14591
 */
import { checkArguments } from "../base/spec.ts";
import type { Compressor } from "../compressors/compressor.ts";
import type { Channel } from "./channel.ts";
import { type ChannelEntry, channelName, choiceOf } from "./entry.ts";
import { type MemoryRate, memoryRate, parseMemoryRate } from "./memory-rate.ts";
import { mirrored } from "./mirrored.ts";
import type { Init } from "./stages.ts";

export interface MemoryOptions {
  /** Default "half": 1/(2(ω + 1)). 0 is no memory at all. */
  readonly alpha?: MemoryRate | undefined;
  /** Default "zero"; "full" is the papers' smart start, h_0 = u_0. */
  readonly init?: Init;
  /** What a server remembers of its senders; default "mean". */
  readonly keep?: "mean" | "each";
}

/** @throws {ConfigError} if alpha is out of range, or the compressor has no law to take it from */
export function memory(compressor: Compressor, options: MemoryOptions = {}): Channel {
  const { alpha = "half", init = "zero", keep = "mean" } = options;
  const name = channelName("memory", compressor, { alpha, init, keep }, { alpha: "half", init: "zero", keep: "mean" });
  return mirrored(name, compressor, {
    init,
    alpha: memoryRate(compressor, alpha, name),
    ...(keep === "mean" && { weight: (_senders: number, expected: number) => 1 / expected }),
  });
}

export const memoryEntry: ChannelEntry = {
  name: "memory",
  summary: "both ends remember what the vectors have in common, and the rest travels",
  paper: "arXiv:2006.14591",
  law: "E r = u for unbiased C; E‖h_t − u‖² ≤ (1 − α)^t ‖h_0 − u‖² for constant u and α ≤ 1/(1 + ω)",
  memory: { sender: 2, receiver: 2 },
  options: [
    { name: "alpha", meaning: "how far the memory follows: half = 1/(2(ω + 1)) (default), theory = 1/(ω + 1), 0 … 1" },
    { name: "init=zero|full", meaning: "the first message is C(u) (default), or u as f32" },
    { name: "keep=mean|each", meaning: "a server remembers the mean of its senders (default), or each of them" },
  ],
  parse(spec, compressor, where) {
    checkArguments(spec, where, 0, ["alpha", "init", "keep"]);
    return memory(compressor, {
      alpha: parseMemoryRate(spec, where),
      init: choiceOf(spec, "init", ["zero", "full"], where),
      keep: choiceOf(spec, "keep", ["mean", "each"], where),
    });
  },
};
