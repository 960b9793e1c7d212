/**
 * Preserved model (MCM): a server that keeps its model w exact tells the workers what they lack of it.
 *
 *     server:   send c = C(w − H);   H ← H + α c         w itself is never degraded
 *     workers:  ŵ = H + c;           H ← H + α c         gradients are taken at ŵ
 *
 * The memory of `memory.ts` on the way down, with models in place of gradients: E ŵ = w for unbiased C. H begins at the
 * first model, which travels as plain f32, or with `init: "zero"` at 0. For Rand-MCM each worker has a wire of its own.
 * @see Philippenko & Dieuleveut 2021, "Preserved central model for faster bidirectional compression in distributed
 *   settings", arXiv:2102.12528
 */
import { checkArguments } from "../base/spec.ts";
import type { Compressor } from "../compressors/compressor.ts";
import type { Channel } from "./channel.ts";
import { type ChannelEntry, channelName, choiceOf } from "./entry.ts";
import { type MemoryRate, memoryRate, parseMemoryRate } from "./memory-rate.ts";
import { mirrored } from "./mirrored.ts";
import type { Init } from "./stages.ts";

export interface PreservedModelOptions {
  /** Default "half": 1/(2(ω + 1)), as in the paper's experiments. */
  readonly alpha?: MemoryRate | undefined;
  /** Default "full". */
  readonly init?: Init;
}

/** @throws {ConfigError} if alpha is out of range, or the compressor has no law to take it from */
export function preservedModel(compressor: Compressor, options: PreservedModelOptions = {}): Channel {
  const { alpha = "half", init = "full" } = options;
  const name = channelName("preserved-model", compressor, { alpha, init }, { alpha: "half", init: "full" });
  return mirrored(name, compressor, { init, alpha: memoryRate(compressor, alpha, name) });
}

export const preservedModelEntry: ChannelEntry = {
  name: "preserved-model",
  summary: "the server's model stays exact, and workers follow it with a memory",
  paper: "arXiv:2102.12528",
  law: "E r = w for unbiased C; H follows w as a memory does",
  memory: { sender: 2, receiver: 2 },
  options: [
    { name: "alpha", meaning: "how far the memory follows: half = 1/(2(ω + 1)) (default), theory = 1/(ω + 1), 0 … 1" },
    { name: "init=full|zero", meaning: "the first model travels as f32 (default), or through the compressor" },
  ],
  parse(spec, compressor, where) {
    checkArguments(spec, where, 0, ["alpha", "init"]);
    return preservedModel(compressor, {
      alpha: parseMemoryRate(spec, where),
      init: choiceOf(spec, "init", ["full", "zero"], where),
    });
  },
};
