/**
 * The codec of sparse messages whose values are a sign and one of one or two magnitudes, group by group: of each group of
 * n entries the k(n) largest are kept.
 *
 * Message: for each group
 *
 *     positions (`coding/positions.ts`), counted within the group; if there are any,
 *     one level: f32 mu, then a bit a position      two levels: f32 low, f32 high, then two bits a position
 *
 * The lower bit is the sign (1 is +), the upper one the level (1 is high), packed least significant bit first
 * (`coding/fixed-width.ts`); 0 < low ≤ high. Zeros are never kept: a group with fewer other entries sends its true count.
 *
 * One level is the mean magnitude of what is kept. Two are the mean of the magnitudes up to that mean, and of those above
 * it (low again, where there are none). Sums are taken in f64 in the order of positions and rounded once.
 */
import { type Bytes, bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { checkUnusedBits, packedBytes, packFixed, unpackFixed } from "../coding/fixed-width.ts";
import { maxPositionsBytes, readPositions, writePositions } from "../coding/positions.ts";
import { type Kernels, vector, wordsVector } from "../kernels/index.ts";
import type { Codec, Residual } from "./compressor.ts";
import { plain } from "./feedback.ts";
import { LargestEntries } from "./largest.ts";
import { nonFiniteInput } from "./non-finite.ts";
import type { Kept } from "./sparsity.ts";

const { abs, fround } = Math;

export interface SparseLevels {
  readonly name: string;
  readonly levels: 1 | 2;
  /** Entries kept of a group of n: 1 … n. */
  kept(n: number): number;
}

export class SparseLevelsCodec implements Codec {
  readonly maxBytes: Bytes;
  readonly #format: SparseLevels;
  readonly #ends: readonly number[];
  readonly #using: Kernels;
  /** By length of group; made when first used, for a receiver never needs them. */
  readonly #finders: Map<number, LargestEntries> = new Map();
  // What was read: of all groups.
  readonly #positions: Uint32Array;
  readonly #values: Float32Array;
  // Of one group with two levels.
  readonly #symbols: Uint8Array;
  readonly #magnitudes: Float32Array = new Float32Array(2);

  /** @param ends where each group ends, in order */
  constructor(format: SparseLevels, ends: readonly number[], using: Kernels) {
    this.#format = format;
    this.#ends = ends;
    this.#using = using;
    const lengths = ends.map((end, g) => end - (ends[g - 1] ?? 0));
    const kept = lengths.map((n) => format.kept(n));
    const sizes = kept.map(
      (k, g) => maxPositionsBytes(k, lengths[g]!) + 4 * format.levels + packedBytes(k, format.levels),
    );
    const most = kept.reduce((sum, k) => sum + k, 0);
    this.maxBytes = bytes(sizes.reduce((sum, size) => sum + size, 0));
    this.#positions = wordsVector(most);
    this.#values = vector(most);
    this.#symbols = new Uint8Array(kept.reduce((a, b) => Math.max(a, b), 0));
  }

  encode(x: Float32Array, into: ByteSink): void {
    this.#eachGroup(into, (from, to) => {
      const kept = this.#finder(to - from).of(x.subarray(from, to));
      if (kept !== undefined) this.#write(kept, to - from, into);
      return kept !== undefined;
    });
  }

  encodeWithFeedback(x: Float32Array, { settled, tentative }: Residual, into: ByteSink): void {
    const e = plain(settled);
    tentative.scale = 0;
    this.#eachGroup(into, (from, to) => {
      const p = tentative.values.subarray(from, to);
      const kept = this.#finder(to - from).ofSum(x.subarray(from, to), e.subarray(from, to), p);
      if (kept === undefined) return false;
      this.#write(kept, to - from, into);
      this.#using.scatterAdd(-1, kept.values, kept.positions, p);
      return true;
    });
  }

  decode(from: ByteSource, out: Float32Array): void {
    const count = this.#read(from);
    this.#using.scatter(this.#values.subarray(0, count), this.#positions.subarray(0, count), out);
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number): void {
    const count = this.#read(from);
    this.#using.scatterAdd(weight, this.#values.subarray(0, count), this.#positions.subarray(0, count), out);
  }

  /** @param write returns false if an entry is not finite: then the message is taken back @throws {NonFiniteError} */
  #eachGroup(into: ByteSink, write: (from: number, to: number) => boolean): void {
    const start = into.length;
    let from = 0;
    for (const to of this.#ends) {
      if (!write(from, to)) {
        into.rewind(start);
        throw nonFiniteInput(this.#format.name);
      }
      from = to;
    }
  }

  #finder(length: number): LargestEntries {
    let finder = this.#finders.get(length);
    if (finder === undefined) {
      finder = new LargestEntries(this.#format.kept(length), length, this.#using);
      this.#finders.set(length, finder);
    }
    return finder;
  }

  /** Writes the kept entries of a group of n, and leaves in `values` what they decode to. */
  #write({ positions, values }: Kept, n: number, into: ByteSink): void {
    writePositions(positions, n, into, this.#using);
    if (values.length === 0) return;
    const { levels } = this.#format;
    const limit = this.#fit(values);
    for (let level = 0; level < levels; level++) into.f32(this.#magnitudes[level]!);
    const packed = into.room(packedBytes(values.length, levels));
    const [low, high] = [this.#magnitudes[0]!, this.#magnitudes[1]!];
    if (levels === 1) {
      this.#using.packSigns(values, packed);
      this.#using.unpackSigns(packed, low, values);
      return;
    }
    const symbols = this.#symbols.subarray(0, values.length);
    for (let j = 0; j < values.length; j++) {
      const value = values[j]!;
      const level = Number(abs(value) > limit);
      const positive = Number(value > 0);
      symbols[j] = (level << 1) | positive;
      const magnitude = level === 0 ? low : high;
      values[j] = positive === 1 ? magnitude : -magnitude;
    }
    packFixed(symbols, levels, packed);
  }

  /** Sets the magnitudes, and returns the one above which the upper level begins. */
  #fit(values: Float32Array): number {
    let sum = 0;
    for (let j = 0; j < values.length; j++) sum += abs(values[j]!);
    const mean = sum / values.length;
    this.#magnitudes.fill(mean);
    if (this.#format.levels === 1) return Number.POSITIVE_INFINITY;
    let lowSum = 0;
    let lows = 0;
    for (let j = 0; j < values.length; j++) {
      const below = Number(abs(values[j]!) <= mean);
      lows += below;
      lowSum += below * abs(values[j]!);
    }
    if (lows === 0 || lows === values.length) return Number.POSITIVE_INFINITY; // the mean of equal magnitudes may be rounded
    this.#magnitudes[0] = lowSum / lows;
    this.#magnitudes[1] = (sum - lowSum) / (values.length - lows);
    return mean;
  }

  /** Fills positions and values, and returns how many there are. */
  #read(from: ByteSource): number {
    let count = 0;
    let start = 0;
    for (const end of this.#ends) {
      count += this.#readGroup(from, start, end, count);
      start = end;
    }
    from.end();
    return count;
  }

  #readGroup(from: ByteSource, start: number, end: number, at: number): number {
    const room = this.#positions.subarray(at, at + this.#format.kept(end - start));
    const count = readPositions(from, end - start, room, this.#using);
    if (count === 0) return 0;
    const { levels } = this.#format;
    const low = magnitude(from);
    const high = levels === 1 ? low : magnitude(from);
    if (high < low) throw from.corrupt(`an upper level of at least ${low}`, high);
    if (start > 0) for (let j = 0; j < count; j++) room[j]! += start;
    const values = this.#values.subarray(at, at + count);
    if (levels === 1) {
      const signs = from.bytes(packedBytes(count, 1));
      checkUnusedBits(signs, count, from);
      this.#using.unpackSigns(signs, low, values);
      return count;
    }
    const symbols = this.#symbols.subarray(0, count);
    unpackFixed(from, levels, symbols);
    for (let j = 0; j < count; j++) {
      const value = symbols[j]! < 2 ? low : high;
      values[j] = symbols[j]! & 1 ? value : -value;
    }
    return count;
  }
}

function magnitude(from: ByteSource): number {
  const value = from.finite();
  if (!(value > 0)) throw from.corrupt("a magnitude above 0", value);
  return fround(value);
}
