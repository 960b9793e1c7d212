/**
 * Estimate: a vector h (f32, length d) that both ends of a wire hold, bit for bit.
 *
 *     h_i = fround(h_i + fround(α c_i))     c: a decoded message
 *
 * Nothing else changes it, and only on commit. What is remembered of the round in flight is the message itself: no
 * vector is copied to make undoing possible, and a sparse message costs k operations.
 */
import type { Random } from "../base/random.ts";
import { copyOf, type NamedVectors } from "../base/state.ts";
import { ByteSource } from "../coding/bytes.ts";
import type { Codec } from "../compressors/compressor.ts";
import { vector } from "../kernels/index.ts";
import type { SavedChannel, Settled } from "./channel.ts";
import { restoreMirrored } from "./ends.ts";

/** What one message does to an estimate. */
export interface Change {
  readonly message: Uint8Array;
  readonly codec: Codec;
  /** α */
  readonly alpha: number;
  /** c takes the place of h. */
  readonly anew?: boolean;
}

export class Estimate implements Settled {
  /** h of the last committed round, at first 0. */
  readonly values: Float32Array;
  readonly #where: string;
  /** 1 once a round was committed. */
  readonly #begun: Float32Array = new Float32Array(1);
  /** What both ends mirror. */
  readonly vectors: NamedVectors;
  #inFlight: { readonly change: Change; readonly rng: Random } | undefined;

  /** @param staged the first message is another one than those that follow, so that both ends must know whether it came */
  constructor(length: number, where: string, { staged = false }: { staged?: boolean } = {}) {
    this.values = vector(length);
    this.#where = where;
    this.vectors = new Map([["estimate", this.values], ...(staged ? [["begun", this.#begun] as const] : [])]);
  }

  get begun(): boolean {
    return this.#begun[0] !== 0;
  }

  get inFlight(): boolean {
    return this.#inFlight !== undefined;
  }

  /** @param change its message must not change before the round is settled */
  propose(change: Change, rng: Random): void {
    this.#inFlight = { change, rng };
  }

  /** out = h + c, or c where it comes anew; not always finite. @throws {CorruptError} if the message does not decode */
  add(change: Change, out: Float32Array, rng: Random): void {
    out.set(this.values);
    this.#apply(change, 1, out, rng);
  }

  commit(): void {
    if (this.#inFlight === undefined) return;
    const { change, rng } = this.#inFlight;
    this.#apply(change, change.alpha, this.values, rng);
    this.#begun[0] = 1;
    this.#inFlight = undefined;
  }

  rollback(): void {
    this.#inFlight = undefined;
  }

  save(): SavedChannel {
    return { shared: copyOf(this.vectors), private: new Map() };
  }

  restore(saved: SavedChannel): void {
    restoreMirrored(this.vectors, saved, this.#where);
    this.#inFlight = undefined;
  }

  #apply({ message, codec, anew }: Change, weight: number, h: Float32Array, rng: Random): void {
    if (anew === true) h.fill(0);
    codec.decodeAdd(new ByteSource(message, this.#where), h, weight, rng);
  }
}
