/**
 * Mirrored: both ends hold the same estimate h of the sender's vector; only the difference travels, compressed.
 *
 *     sender:    send c = C(u − h);     h ← h + α c
 *     receiver:  r = h + c;             h ← h + α c        with α = 1, r is the new h
 *     of n:      r = h̄ + w Σ c_i;       h̄ ← h̄ + (α/n) Σ c_i
 *
 * With `init: "full"` the first message of a wire is u as plain f32, and h becomes u; with "zero" it is C(u − 0).
 *
 * EF21, the memory of DIANA and Artemis, MCM's preserved model and CHOCO's public copies are this with other α and w. A
 * message that one end has settled and the other has not sets them apart for ever: `save().shared` of the healthy end
 * restores the other one.
 */
import type { Layout } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import { bytes } from "../base/units.ts";
import type { Compressor } from "../compressors/compressor.ts";
import { kernels, vector } from "../kernels/index.ts";
import type { Channel, SavedChannel, Sender } from "./channel.ts";
import { MessageBuffer } from "./ends.ts";
import { Estimate } from "./estimate.ts";
import { EstimateReceiver } from "./estimate-receiver.ts";
import { MeanCollector } from "./mean-collector.ts";
import { type Init, openStages, type Stages, stageOf } from "./stages.ts";

export interface Mirroring {
  readonly init: Init;
  /** α for vectors of length d. */
  readonly alpha: (length: number) => number;
  /** w, where one end collects from n senders of which a number is expected. Left out, every wire has an end of its own. */
  readonly weight?: (senders: number, expected: number) => number;
}

export function mirrored(name: string, compressor: Compressor, { init, alpha, weight }: Mirroring): Channel {
  const open = (length: number, layout?: Layout) =>
    openStages(compressor, { init, alpha: alpha(length), where: name, length, layout });
  const estimate = (length: number) => new Estimate(length, name, { staged: init === "full" });
  return {
    name,
    maxBytes: (length, layout) => bytes(open(length, layout).maxBytes),
    sender: (length, layout) => new MirroredSender(open(length, layout), estimate(length), name),
    receiver(length, layout) {
      const stages = open(length, layout);
      const read = (message: Uint8Array, h: Estimate) => ({ message, ...stageOf(stages, h.begun) });
      return new EstimateReceiver(estimate(length), read, stages.maxBytes, name);
    },
    ...(weight && {
      collector: (senders: number, length: number, layout?: Layout) =>
        new MeanCollector(open(length, layout), { senders, length, weight, where: name }),
    }),
  };
}

class MirroredSender implements Sender {
  readonly #stages: Stages;
  readonly #estimate: Estimate;
  readonly #buffer: MessageBuffer;
  readonly #difference: Float32Array;

  constructor(stages: Stages, estimate: Estimate, where: string) {
    const { length } = estimate.values;
    this.#stages = stages;
    this.#estimate = estimate;
    this.#buffer = new MessageBuffer(stages.maxBytes, length, where);
    this.#difference = vector(length);
  }

  encode(x: Float32Array, rng: Random): Uint8Array {
    const into = this.#buffer.begin(x);
    this.#estimate.rollback(); // an encode that throws leaves no round in flight
    const stage = stageOf(this.#stages, this.#estimate.begun);
    kernels.subtract(x, this.#estimate.values, this.#difference);
    stage.codec.encode(this.#difference, into, rng);
    const { message } = this.#buffer;
    this.#estimate.propose({ message, ...stage }, rng);
    return message;
  }

  commit(): void {
    this.#estimate.commit();
  }

  rollback(): void {
    this.#estimate.rollback();
  }

  save(): SavedChannel {
    return this.#estimate.save();
  }

  restore(saved: SavedChannel): void {
    this.#estimate.restore(saved);
  }
}
