/**
 * Error feedback around any codec: p = x + e; the message is C(p); the new memory is p − decode(message).
 *
 * A codec's own fused form gives the same bits in fewer passes. A memory may then stand in lazy form (`ErrorMemory`), so
 * it belongs to one codec; `materialize` gives the plain form, which any codec continues from.
 */
import { assert } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { type ByteSink, ByteSource } from "../coding/bytes.ts";
import { kernels, vector } from "../kernels/index.ts";
import type { Codec, ErrorMemory, Residual } from "./compressor.ts";

/** A memory of d zeros. */
export const emptyMemory = (length: number): ErrorMemory => ({ values: vector(length), scale: 0 });

/** Encodes x + e from the settled memory, and leaves what the message lacks in the tentative one. */
export function encodeWithFeedback(
  codec: Codec,
  x: Float32Array,
  residual: Residual,
  into: ByteSink,
  rng: Random,
): void {
  if (codec.encodeWithFeedback !== undefined) codec.encodeWithFeedback(x, residual, into, rng);
  else encodeThenSubtract(codec, x, residual, into, rng);
}

/** The law of `encodeWithFeedback` in its plain steps; the settled memory must be in plain form. */
export function encodeThenSubtract(
  codec: Codec,
  x: Float32Array,
  residual: Residual,
  into: ByteSink,
  rng: Random,
): void {
  const { settled, tentative } = residual;
  const p = tentative.values;
  tentative.scale = 0;
  kernels.add(x, plain(settled), p);
  const start = into.length;
  codec.encode(p, into, rng);
  codec.decodeAdd(new ByteSource(into.written.subarray(start)), p, -1, rng); // exactly fround(p − decoded)
}

/** The values of a memory in plain form: what a codec that keeps only such memories continues from. */
export function plain({ values, scale }: ErrorMemory): Float32Array {
  assert(scale === 0, "a lazy memory belongs to the codec that wrote it");
  return values;
}

/** A copy of the memory in plain form: e_i = fround(values_i − scale · sign(values_i)). */
export function materialize({ values, scale }: ErrorMemory): Float32Array {
  return scale === 0 ? values.slice() : values.map((value) => (value >= 0 ? value - scale : value + scale));
}
