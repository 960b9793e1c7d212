/** The lengths that the vectors of one kernel call must have. In place a wrong one would write into a neighbour. */
import { assert } from "../base/errors.ts";

/** Bins of `histogram`. */
export const BINS = 2048;

export function sameLength(d: number, a: ArrayLike<number>, b: ArrayLike<number> = a, c: ArrayLike<number> = a): void {
  assert(a.length === d && b.length === d && c.length === d, `a kernel got vectors of ${d} and other lengths`);
}

export function bitsLength(d: number, bits: Uint8Array): void {
  assert(bits.length === (d + 7) >>> 3, `a kernel got ${bits.length} bytes for ${d} signs`);
}

/** @param width bytes an entry */
export function bytesLength(d: number, width: number, packed: Uint8Array): void {
  assert(packed.length === d * width, `a kernel got ${packed.length} bytes for ${d} entries of ${width}`);
}

export function binsLength(counts: Uint32Array): void {
  assert(counts.length === BINS, `a kernel got ${counts.length} histogram bins, not ${BINS}`);
}

export function bucketCount(d: number, bucket: number, perBucket: Float32Array): void {
  const valid = Number.isInteger(bucket) && bucket > 0 && perBucket.length === Math.ceil(d / bucket);
  assert(valid, `a kernel got ${perBucket.length} norms for ${d} entries in buckets of ${bucket}`);
}

export function nibblesLength(d: number, nibbles: Uint8Array): void {
  assert(nibbles.length === (d + 1) >>> 1, `a kernel got ${nibbles.length} bytes for ${d} nibbles`);
}

/** No byte of nibbles belongs to two buckets. */
export function evenBuckets(d: number, bucket: number): void {
  assert(bucket % 2 === 0 || bucket >= d, `a kernel got nibbles of ${d} entries in buckets of ${bucket}`);
}

export function roomFor(d: number, indices: Uint32Array): void {
  assert(indices.length >= d, `a kernel got room for ${indices.length} of ${d} indices`);
}

/** @param positions ascending */
export function below(d: number, positions: Uint32Array): void {
  const last = positions.at(-1) ?? -1;
  assert(last < d, `a kernel got position ${last} of ${d} entries`);
}

export function subsetLengths(d: number, taken: Uint32Array, indices: Uint32Array): void {
  const words = 2 * Math.ceil(d / 64);
  assert(indices.length <= d, `a kernel got room for ${indices.length} of ${d} entries`);
  assert(taken.length === words, `a kernel got ${taken.length} words for ${d} marks, not ${words}`);
}
