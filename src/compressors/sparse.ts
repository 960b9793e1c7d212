/**
 * The codec of sparsifiers: what the sparsifier writes of its positions, then one f32 a kept entry, in their order. So a
 * sparsifier whose two ends draw the positions from the message's randomness sends values alone. A vector of no entries is
 * an empty message.
 */
import type { Random } from "../base/random.ts";
import { type Bytes, bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { maxPositionsBytes, readPositions, writePositions } from "../coding/positions.ts";
import { type Kernels, wordsVector } from "../kernels/index.ts";
import type { Codec, Compressor, Law, Residual } from "./compressor.ts";
import { plain } from "./feedback.ts";
import { emptyCodec } from "./group-bits.ts";
import type { Kept, Sparsifier } from "./sparsity.ts";

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
  using: Kernels,
): Compressor {
  return {
    name,
    law,
    sparsity: { kept, open },
    open: (length) => (length === 0 ? emptyCodec : new SparseCodec(open(length), using)),
  };
}

class SparseCodec implements Codec {
  readonly maxBytes: Bytes;
  readonly #sparsifier: FusedSparsifier;
  readonly #using: Kernels;

  constructor(sparsifier: FusedSparsifier, using: Kernels) {
    this.maxBytes = bytes(sparsifier.maxBytes + 4 * sparsifier.most);
    this.#sparsifier = sparsifier;
    this.#using = using;
  }

  encode(x: Float32Array, into: ByteSink, rng: Random): void {
    into.f32s(this.#sparsifier.select(x, into, rng).values);
  }

  encodeWithFeedback(x: Float32Array, { settled, tentative }: Residual, into: ByteSink, rng: Random): void {
    const p = tentative.values;
    const { positions, values } = this.#sparsifier.selectSum(x, plain(settled), p, into, rng);
    into.f32s(values);
    this.#using.scatterAdd(-1, values, positions, p);
    tentative.scale = 0;
  }

  decode(from: ByteSource, out: Float32Array, rng: Random): void {
    const { positions, values } = this.#read(from, rng);
    this.#using.scatter(values, positions, out);
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number, rng: Random): void {
    const { positions, values } = this.#read(from, rng);
    this.#using.scatterAdd(weight, values, positions, out);
  }

  #read(from: ByteSource, rng: Random): Kept {
    const positions = this.#sparsifier.positions(from, rng);
    const values = from.f32s(positions.length);
    if (!this.#using.allFinite(values)) throw from.corrupt("finite entries");
    if (!this.#sparsifier.keepsZeros && values.includes(0)) throw from.corrupt("entries that are not 0");
    from.end();
    return { positions, values };
  }
}

/** Positions that travel (`coding/positions.ts`): at most `most` of `length` entries. */
export class SentPositions {
  readonly maxBytes: Bytes;
  readonly #length: number;
  readonly #read: Uint32Array;
  readonly #using: Kernels;

  constructor(most: number, length: number, using: Kernels) {
    this.maxBytes = bytes(maxPositionsBytes(most, length));
    this.#length = length;
    this.#read = wordsVector(most);
    this.#using = using;
  }

  write(positions: Uint32Array, into: ByteSink): void {
    writePositions(positions, this.#length, into, this.#using);
  }

  /** Valid until the next call. */
  read(from: ByteSource): Uint32Array {
    return this.#read.subarray(0, readPositions(from, this.#length, this.#read, this.#using));
  }
}
