/**
 * Uniform grids: each bucket of a vector has its own, of 2^bits − 1 steps or fewer, fitted to its range.
 *
 * A quantised vector is one bucket behind the other: step (f32), for a grid that is not symmetric low (f32), and a code of
 * `bits` bits an entry, least significant bit first, unused bits of the last byte 0. All little-endian.
 */
import { assert } from "../base/errors.ts";
import { PIECE } from "./addresses.ts";

export interface Grid {
  /** 1 … 8; 2 … 8 for a symmetric grid. */
  readonly bits: number;
  /** Entries that share a step; the last bucket may be short. A multiple of 8, so that buckets end with a byte. */
  readonly bucket: number;
  /** Points −M·step … M·step with M = 2^(bits−1) − 1; else low … low + (2^bits − 1)·step. */
  readonly symmetric: boolean;
}

/** No bucket is longer: a piece of a streamed vector holds whole buckets. */
export const MAX_BUCKET: number = PIECE;

/** Steps from zero, or from low, to the last point. */
export const levelsOf = ({ bits, symmetric }: Grid): number => 2 ** (symmetric ? bits - 1 : bits) - 1;

/** Bytes of a bucket's step and low. */
export const headerBytes = ({ symmetric }: Grid): number => (symmetric ? 4 : 8);

/** Bytes of one bucket of `count` entries. */
export const bucketBytes = (grid: Grid, count: number): number => headerBytes(grid) + ((count * grid.bits + 7) >>> 3);

/** Bytes of a quantised vector of `length` entries. */
export function quantisedBytes(grid: Grid, length: number): number {
  const { bucket } = grid;
  const rest = length % bucket;
  return Math.floor(length / bucket) * bucketBytes(grid, bucket) + (rest === 0 ? 0 : bucketBytes(grid, rest));
}

/** A wrong length would let a kernel write into a neighbour. */
export function checkGrid(grid: Grid, length: number, quantised: Uint8Array): void {
  const { bits, bucket, symmetric } = grid;
  assert(Number.isInteger(bits) && bits >= (symmetric ? 2 : 1) && bits <= 8, `a kernel got a grid of ${bits} bits`);
  assert(bucket > 0 && bucket % 8 === 0 && bucket <= MAX_BUCKET, `a kernel got buckets of ${bucket}`);
  const size = quantisedBytes(grid, length);
  assert(quantised.length === size, `a kernel got ${quantised.length} bytes, not ${size}, for a quantised vector`);
}
