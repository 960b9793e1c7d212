/**
 * The codec of sparsifiers: what the sparsifier writes of its positions, then one f32 a kept entry, in their order. So a
 * sparsifier whose two ends draw the positions from the message's randomness sends values alone. A vector of no entries is
 * an empty message.
 */
import type { Random } from "../base/random.ts";
import { type Bytes, bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { maxPositionsBytes, readPositions, writePositions } from "../coding/positions.ts";
import type { Codec, Compressor, Law, Residual } from "./compressor.ts";
import { plain } from "./feedback.ts";
import { emptyCodec } from "./group-bits.ts";
import type { Kept, Sparsifier } from "./sparsity.ts";

const { fround } = Math;

/** A sparsifier that error feedback can run in one pass. */
export interface FusedSparsifier extends Sparsifier {
  /** No more entries are kept. */
  readonly most: number;
  /** Whether a kept value can be 0. */
  readonly keepsZeros: boolean;
  /** `select` of p = x + e, which is written too: p_i = fround(x_i + e_i). */
  selectSum(x: Float32Array, e: Float32Array, p: Float32Array, into: ByteSink, rng: Random): Kept;
}

/** The compressor of a sparsifier. @param open for a length of at least 1 */
export function sparse(
  name: string,
  law: Law,
  { kept, open }: { kept(length: number): number; open(length: number): FusedSparsifier },
): Compressor {
  return {
    name,
    law,
    sparsity: { kept, open },
    open: (length) => (length === 0 ? emptyCodec : new SparseCodec(open(length))),
  };
}

class SparseCodec implements Codec {
  readonly maxBytes: Bytes;
  readonly #sparsifier: FusedSparsifier;

  constructor(sparsifier: FusedSparsifier) {
    this.maxBytes = bytes(sparsifier.maxBytes + 4 * sparsifier.most);
    this.#sparsifier = sparsifier;
  }

  encode(x: Float32Array, into: ByteSink, rng: Random): void {
    into.f32s(this.#sparsifier.select(x, into, rng).values);
  }

  encodeWithFeedback(x: Float32Array, { settled, tentative }: Residual, into: ByteSink, rng: Random): void {
    const p = tentative.values;
    const { positions, values } = this.#sparsifier.selectSum(x, plain(settled), p, into, rng);
    into.f32s(values);
    for (let j = 0; j < positions.length; j++) p[positions[j]!]! -= values[j]!;
    tentative.scale = 0;
  }

  decode(from: ByteSource, out: Float32Array, rng: Random): void {
    const { positions, values } = this.#read(from, rng);
    put(values, positions, out);
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number, rng: Random): void {
    const { positions, values } = this.#read(from, rng);
    addAt(values, positions, out, weight);
  }

  #read(from: ByteSource, rng: Random): Kept {
    const positions = this.#sparsifier.positions(from, rng);
    const values = from.f32s(positions.length);
    const zeros = this.#sparsifier.keepsZeros;
    for (let j = 0; j < values.length; j++) {
      const value = values[j]!;
      if (!Number.isFinite(value)) throw from.corrupt("a finite f32", value);
      if (value === 0 && !zeros) throw from.corrupt("an entry that is not 0");
    }
    from.end();
    return { positions, values };
  }
}

/** Positions that travel (`coding/positions.ts`): at most `most` of `length` entries. */
export class SentPositions {
  readonly maxBytes: Bytes;
  readonly #length: number;
  readonly #read: Uint32Array;

  constructor(most: number, length: number) {
    this.maxBytes = bytes(maxPositionsBytes(most, length));
    this.#length = length;
    this.#read = new Uint32Array(most);
  }

  write(positions: Uint32Array, into: ByteSink): void {
    writePositions(positions, this.#length, into);
  }

  /** Valid until the next call. */
  read(from: ByteSource): Uint32Array {
    return this.#read.subarray(0, readPositions(from, this.#length, this.#read));
  }
}

/** The entries of x at these positions, in the front of `values`. */
export function valuesAt(x: Float32Array, positions: Uint32Array, values: Float32Array): Float32Array {
  for (let j = 0; j < positions.length; j++) values[j] = x[positions[j]!]!;
  return values.subarray(0, positions.length);
}

/** out_i = the value at each position, 0 elsewhere. */
export function put(values: Float32Array, positions: Uint32Array, out: Float32Array): void {
  out.fill(0);
  for (let j = 0; j < positions.length; j++) out[positions[j]!] = values[j]! + 0; // + 0 turns −0 into +0
}

/** out_i = fround(out_i + fround(fround(weight) · value)) at each position. */
export function addAt(values: Float32Array, positions: Uint32Array, out: Float32Array, weight: number): void {
  const factor = fround(weight);
  for (let j = 0; j < positions.length; j++) out[positions[j]!]! += fround(factor * values[j]!);
}
