/**
 * Error feedback (EF14, EF-SGD, Mem-SGD): what a message lacks is remembered and added to the next vector.
 *
 *     sender:    p = u + e;  send C(p);  e = p − C(p)       e: f32, length d, at first 0
 *     receiver:  r = C(p)
 *
 * Nothing is lost, only late: Σ r = Σ u + e_0 − e_T. For a contractive C and E‖u‖² ≤ U², E‖e‖² ≤ 4(1 − δ)U²/δ².
 * @see Seide, Fu, Droppo, Li & Yu 2014, "1-Bit Stochastic Gradient Descent"
 * @see Karimireddy, Rebjock, Stich & Jaggi 2019, "Error Feedback Fixes SignSGD", arXiv:1901.09847
 */
import { assert } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { restoreInto } from "../base/state.ts";
import type { Codec, Compressor, ErrorMemory } from "../compressors/compressor.ts";
import { emptyMemory, encodeWithFeedback, materialize } from "../compressors/feedback.ts";
import type { Channel, SavedChannel, Sender } from "./channel.ts";
import { MessageBuffer, openCodec, StatelessReceiver } from "./ends.ts";

export function errorFeedback(compressor: Compressor): Channel {
  const name = `error-feedback(${compressor.name})`;
  return {
    name,
    maxBytes: (length, layout) => compressor.open(length, layout).maxBytes,
    sender: (length, layout) => new ErrorFeedbackSender(openCodec(compressor, name, length, layout), length, name),
    receiver: (length, layout) => new StatelessReceiver(openCodec(compressor, name, length, layout), length, name),
  };
}

class ErrorFeedbackSender implements Sender {
  readonly #codec: Codec;
  readonly #where: string;
  readonly #buffer: MessageBuffer;
  #settled: ErrorMemory; // e of the last committed round
  #tentative: ErrorMemory; // e if the round in flight commits
  #inFlight = false;

  constructor(codec: Codec, length: number, where: string) {
    this.#codec = codec;
    this.#where = where;
    this.#buffer = new MessageBuffer(codec, length, where);
    this.#settled = emptyMemory(length);
    this.#tentative = emptyMemory(length);
  }

  encode(x: Float32Array, rng: Random): Uint8Array {
    this.#inFlight = false; // an encode that throws leaves no round in flight
    const residual = { settled: this.#settled, tentative: this.#tentative };
    encodeWithFeedback(this.#codec, x, residual, this.#buffer.begin(x), rng);
    this.#inFlight = true;
    return this.#buffer.message;
  }

  commit(): void {
    assert(this.#inFlight, "commit without a round in flight would settle a stale error");
    [this.#settled, this.#tentative] = [this.#tentative, this.#settled];
    this.#inFlight = false;
  }

  rollback(): void {
    this.#inFlight = false;
  }

  save(): SavedChannel {
    return { shared: new Map(), private: new Map([["error", materialize(this.#settled)]]) };
  }

  restore(saved: SavedChannel): void {
    restoreInto(new Map(), saved.shared, this.#where);
    restoreInto(new Map([["error", this.#settled.values]]), saved.private, this.#where);
    this.#settled.scale = 0;
    this.#inFlight = false;
  }
}
