/**
 * Compressor: one vector → one message → one vector, with no memory between messages.
 */
import type { Layout } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import type { Bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import type { Sparsity } from "./sparsity.ts";
import type { Section } from "./symbols.ts";

/** Decodes to exactly what was encoded. */
export interface Exact {
  readonly kind: "exact";
}

/** E C(x) = x and E‖C(x) − x‖² ≤ ω‖x‖². */
export interface Unbiased {
  readonly kind: "unbiased";
  /** ω for vectors of length d. */
  omega(length: number): number;
}

/** E‖C(x) − x‖² ≤ (1 − δ)‖x‖², 0 < δ ≤ 1. Biased: run it under error feedback. */
export interface Contractive {
  readonly kind: "contractive";
  /** δ for vectors of length d, guaranteed for every x. */
  delta(length: number): number;
}

/** Neither: no guarantee without more assumptions (plain sign). */
export interface Lawless {
  readonly kind: "none";
}

export type Law = Exact | Unbiased | Contractive | Lawless;

export const exact: Exact = { kind: "exact" };
export const unbiased = (omega: (length: number) => number): Unbiased => ({ kind: "unbiased", omega });
export const contractive = (delta: (length: number) => number): Contractive => ({ kind: "contractive", delta });
export const lawless: Lawless = { kind: "none" };

/**
 * An error memory in lazy form, e_i = values_i − scale · sign(values_i) with sign(0) = +1; scale 0 is the plain form
 * e = values. The lazy form lets scaled sign write its memory in the same pass that reads it.
 */
export interface ErrorMemory {
  readonly values: Float32Array;
  scale: number;
}

/** Error feedback works from the settled memory into the tentative one, so that a round can be undone. */
export interface Residual {
  readonly settled: ErrorMemory;
  readonly tentative: ErrorMemory;
}

/** How much a compressor sends, where that can be changed between two messages. */
export interface Dial {
  /** What the notches stand for, ascending; messages are about as long as these are large. */
  readonly settings: readonly number[];
  /** A notch. It is that of one peer: each has a compressor of its own. */
  position: number;
}

export interface Compressor {
  /** Canonical spec: parsing it gives this compressor again. */
  readonly name: string;
  readonly law: Law;
  /** Prepares buffers for vectors of one length. @param layout where tensors lie, for compressors that treat them apart */
  open(length: number, layout?: Layout): Codec;
  /** Of a compressor that keeps some entries and drops the rest: another one may compress the values (`a+b`). */
  readonly sparsity?: Sparsity;
  /** Of a compressor that whoever knows the wire may turn up or down. */
  readonly dial?: Dial;
  /** Where d alone fixes how a message divides into packed symbols and other bytes: allows `entropy=range`. */
  sections?(length: number, layout?: Layout): readonly Section[];
  /** The same in messages that divide so, where these do not: what `entropy=range` takes. */
  readonly inSections?: Compressor;
}

/**
 * The two ends of a compressor for one vector length. Not re-entrant: one codec per wire end. A non-finite input throws
 * `NonFiniteError` and writes nothing. A decoder reads its source to the end before it touches `out`; bytes that do not
 * decode throw `CorruptError` and leave `out` as it was.
 */
export interface Codec {
  /** No message is longer, nor one of the same compressor for a shorter vector: compositions rely on it. */
  readonly maxBytes: Bytes;
  /** Entries so far, over all messages encoded, that the format cannot hold and that were sent as its largest number. */
  readonly saturated?: number | undefined;
  encode(x: Float32Array, into: ByteSink, rng: Random): void;
  /** Where the message is x as it lies in memory: a view of it, checked as `encode` does. */
  lend?(x: Float32Array): Uint8Array;
  /**
   * Encodes C(p), p = x + e with e the settled memory, and leaves p − decode(message) in the tentative memory. Optional:
   * a fused kernel; `encodeWithFeedback` in `feedback.ts` gives the same bits for a codec that has none.
   */
  encodeWithFeedback?(x: Float32Array, residual: Residual, into: ByteSink, rng: Random): void;
  /** Overwrites `out`. */
  decode(from: ByteSource, out: Float32Array, rng: Random): void;
  /** out_i = fround(out_i + fround(fround(weight) · decoded_i)). A coordinate that is not in the message is left as it is. */
  decodeAdd(from: ByteSource, out: Float32Array, weight: number, rng: Random): void;
}
