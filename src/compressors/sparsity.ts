/**
 * Sparsity: what a compressor that keeps some entries and drops the rest offers to a composition `a+b`, in which b
 * compresses the values that a keeps. Its positions travel apart from its values.
 */
import type { Random } from "../base/random.ts";
import type { Bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";

export interface Sparsity {
  /** No more of d entries are kept. */
  kept(length: number): number;
  open(length: number): Sparsifier;
}

/** Kept entries; both arrays are valid until the next call of the sparsifier, and may be changed by the caller. */
export interface Kept {
  /** Ascending. */
  readonly positions: Uint32Array;
  /** What the compressor's own messages decode to at these positions. */
  readonly values: Float32Array;
}

/** The two ends for one vector length, at least 1. Not re-entrant. */
export interface Sparsifier {
  /** No more bytes are written by `select`. */
  readonly maxBytes: Bytes;
  /**
   * Chooses entries, and writes what `positions` needs: nothing where both ends draw them from `rng`.
   * @throws {NonFiniteError} before anything is written
   */
  select(x: Float32Array, into: ByteSink, rng: Random): Kept;
  /** `select` of p = x + e, which is written too: p_i = fround(x_i + e_i). */
  selectSum(x: Float32Array, e: Float32Array, p: Float32Array, into: ByteSink, rng: Random): Kept;
  /** The positions that `select` chose, ascending, below d and at most `kept(d)`; reads only what `select` wrote. @throws {CorruptError} */
  positions(from: ByteSource, rng: Random): Uint32Array;
}
