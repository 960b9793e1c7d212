/**
 * The induced compressor of a sparsifier that keeps entries as they are: what it leaves is 0 where it keeps, so the second
 * compressor sees the other entries only, as a vector of length d − k.
 *
 * Messages: the sparsifier's positions (nothing where both ends draw them), one f32 a kept entry, then the second
 * compressor's message of the entries that are not kept, in their order.
 */
import type { Random } from "../base/random.ts";
import { type Bytes, bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { vector } from "../kernels/index.ts";
import type { Codec, Compressor } from "./compressor.ts";
import type { Sparsifier } from "./sparsity.ts";

const { fround } = Math;

export class ComplementCodec implements Codec {
  readonly maxBytes: Bytes;
  readonly #sparsifier: Sparsifier;
  readonly #compressor: Compressor;
  readonly #length: number;
  /** The entries that are not kept; where fewer than usual are kept, they are more. */
  readonly #others: Float32Array;
  /** For the number of others in the last message: it seldom changes. */
  #codec: Codec;
  #count: number;

  /** @param kept no more entries are kept */
  constructor(sparsifier: Sparsifier, kept: number, compressor: Compressor, length: number) {
    this.#sparsifier = sparsifier;
    this.#compressor = compressor;
    this.#length = length;
    this.#others = vector(length);
    this.#count = length - kept;
    this.#codec = compressor.open(this.#count);
    this.maxBytes = bytes(sparsifier.maxBytes + 4 * kept + compressor.open(length).maxBytes);
  }

  encode(x: Float32Array, into: ByteSink, rng: Random): void {
    const start = into.length;
    const { positions, values } = this.#sparsifier.select(x, into, rng);
    into.f32s(values);
    const others = this.#others.subarray(0, x.length - positions.length);
    let at = 0;
    eachGap(positions, x.length, (start, end) => {
      for (let i = start; i < end; i++) others[at++] = x[i]!;
    });
    try {
      this.#codecFor(others.length).encode(others, into, rng.split("then"));
    } catch (error) {
      into.rewind(start);
      throw error;
    }
  }

  decode(from: ByteSource, out: Float32Array, rng: Random): void {
    const { positions, values, others } = this.#read(from, rng);
    for (let j = 0; j < positions.length; j++) out[positions[j]!] = values[j]! + 0; // + 0 turns −0 into +0
    let at = 0;
    eachGap(positions, out.length, (start, end) => {
      for (let i = start; i < end; i++) out[i] = others[at++]! + 0;
    });
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number, rng: Random): void {
    const { positions, values, others } = this.#read(from, rng);
    const factor = fround(weight);
    for (let j = 0; j < positions.length; j++) out[positions[j]!]! += fround(factor * values[j]!);
    let at = 0;
    eachGap(positions, out.length, (start, end) => {
      for (let i = start; i < end; i++) out[i]! += fround(factor * others[at++]!);
    });
  }

  #read(from: ByteSource, rng: Random): { positions: Uint32Array; values: Float32Array; others: Float32Array } {
    const positions = this.#sparsifier.positions(from, rng);
    const values = from.f32s(positions.length);
    if (!values.every(Number.isFinite)) throw from.corrupt("finite entries");
    const others = this.#others.subarray(0, this.#length - positions.length);
    this.#codecFor(others.length).decode(from, others, rng.split("then"));
    return { positions, values, others };
  }

  #codecFor(count: number): Codec {
    if (count !== this.#count) {
      this.#codec = this.#compressor.open(count);
      this.#count = count;
    }
    return this.#codec;
  }
}

/** Calls `work` on each stretch of entries start … end − 1 between ascending positions. */
function eachGap(positions: Uint32Array, length: number, work: (start: number, end: number) => void): void {
  let start = 0;
  for (let j = 0; j < positions.length; j++) {
    const position = positions[j]!;
    if (position > start) work(start, position);
    start = position + 1;
  }
  if (start < length) work(start, length);
}
