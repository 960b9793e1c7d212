/**
 * What compressors of one bit an entry share: where the bits of each group lie, and checks.
 */
import { bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { checkUnusedBits, packedBytes } from "../coding/fixed-width.ts";
import type { Codec } from "./compressor.ts";
import { nonFiniteInput } from "./non-finite.ts";

/** One bit an entry, the bits of each group from a byte of its own on; unused bits are 0. */
export class GroupBits {
  /** Of groups. */
  readonly count: number;
  /** Bytes of all bits. */
  readonly size: number;
  readonly #ends: readonly number[];
  /** Where the bits of each group begin, and behind them `size`. */
  readonly #starts: readonly number[];

  /** @param ends where each group ends; the last ends at `length` */
  constructor(ends: readonly number[]) {
    const starts = [0];
    for (const [g, end] of ends.entries()) starts.push(starts[g]! + packedBytes(end - (ends[g - 1] ?? 0), 1));
    this.count = ends.length;
    this.size = starts[ends.length]!;
    this.#ends = ends;
    this.#starts = starts;
  }

  /** A view of the group's entries. */
  entries(vector: Float32Array, group: number): Float32Array {
    return this.count === 1 ? vector : vector.subarray(this.#ends[group - 1] ?? 0, this.#ends[group]);
  }

  /** A view of the group's part of all bits. */
  bits(all: Uint8Array, group: number): Uint8Array {
    return this.count === 1 ? all : all.subarray(this.#starts[group], this.#starts[group + 1]);
  }

  /** The bits of all groups. @throws {CorruptError} if an unused bit is set */
  read(from: ByteSource): Uint8Array {
    const all = from.bytes(this.size);
    for (let g = 0; g < this.count; g++) {
      checkUnusedBits(this.bits(all, g), this.#ends[g]! - (this.#ends[g - 1] ?? 0), from);
    }
    return all;
  }
}

/** For vectors of no entries. */
export const emptyCodec: Codec = {
  maxBytes: bytes(0),
  encode() {},
  decode: (from) => from.end(),
  decodeAdd: (from) => from.end(),
};

/** Kernels return NaN for a vector that is not finite; the message begun at `start` is taken back. */
export function refuseNaN(sum: number, compressor: string, into: ByteSink, start: number): void {
  if (!Number.isNaN(sum)) return;
  into.rewind(start);
  throw nonFiniteInput(compressor);
}

/** @throws {CorruptError} unless the mean of magnitudes is finite and at least +0 */
export function checkMean(mean: number, from: ByteSource): void {
  if (!(mean >= 0 && mean < Number.POSITIVE_INFINITY) || Object.is(mean, -0)) {
    throw from.corrupt("a finite scale of at least +0", mean);
  }
}
