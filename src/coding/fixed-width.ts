/**
 * Fixed-width packs: each value as `width` bits, least significant bit first in each byte; unused bits of the last byte
 * are 0. (1, 2, 3, 4, 5, 6, 7, 0) at width 3 is d1 58 1f.
 */
import type { ByteSource } from "./bytes.ts";

export const packedBytes = (count: number, width: number): number => Math.ceil((count * width) / 8);

/** @param values each below 2^width @param width 1 … 24 @param into `packedBytes(values.length, width)` bytes */
export function packFixed(values: ArrayLike<number>, width: number, into: Uint8Array): void {
  let pending = 0;
  let count = 0;
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    pending |= values[i]! << count;
    for (count += width; count >= 8; count -= 8) {
      into[at++] = pending;
      pending >>>= 8;
    }
  }
  if (count > 0) into[at] = pending;
}

/** Fills `out` from its pack. @param width 1 … 24 @throws {CorruptError} if bytes are missing or unused bits are not 0 */
export function unpackFixed(from: ByteSource, width: number, out: Uint8Array | Uint16Array | Uint32Array): void {
  const packed = from.bytes(packedBytes(out.length, width));
  const mask = 2 ** width - 1;
  let pending = 0;
  let count = 0;
  let at = 0;
  for (let i = 0; i < out.length; i++) {
    for (; count < width; count += 8) pending |= packed[at++]! << count;
    out[i] = pending & mask;
    pending >>>= width;
    count -= width;
  }
  if (pending !== 0) throw from.corrupt("unused bits that are 0");
}

/** @throws {CorruptError} if a bit beyond the first `count` of a pack is set: a message has one form only */
export function checkUnusedBits(bits: Uint8Array, count: number, from: ByteSource): void {
  if (count % 8 !== 0 && bits.at(-1)! >>> (count % 8) !== 0) throw from.corrupt("unused bits that are 0");
}
