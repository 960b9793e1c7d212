/**
 * What compressors on uniform grids share: the codec, and how a vector divides into segments.
 *
 * A message is one segment behind the other. A segment with a grid is one bucket behind the other: step (f32); low (f32),
 * unless the grid is symmetric; a code of `bits` bits an entry, the first entry in the lowest bits of the first byte,
 * unused bits of the last byte 0. A plain segment is one f32 an entry. All little-endian. With codes as whole numbers from 0
 *
 *     value = fround(fround((code − zero) · step) + low)    zero: 2^(bits−1) − 1 and low: 0 in a symmetric grid, else zero: 0
 *
 * Where levels · step + |low| is above 2¹²⁷ the value is low + (code − zero) · step in f64, held within ± the largest f32, and
 * rounded to f32. Levels: 2^(bits−1) − 1 in a symmetric grid, else 2^bits − 1.
 */
import type { Random } from "../base/random.ts";
import { type Bytes, bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { checkUnusedBits } from "../coding/fixed-width.ts";
import { bucketBytes, type Grid, headerBytes, quantisedBytes } from "../kernels/grid.ts";
import type { Kernels } from "../kernels/index.ts";
import type { Codec, Residual } from "./compressor.ts";
import { plain } from "./feedback.ts";
import { nonFiniteInput } from "./non-finite.ts";
import { raw, type Section, symbols } from "./symbols.ts";

export type Rounding = "nearest" | "stochastic";

/** Entries `offset` … `offset + length − 1` of a vector. */
export interface Segment {
  readonly offset: number;
  readonly length: number;
  /** Undefined: sent as plain f32. */
  readonly grid: Grid | undefined;
}

/** What divides a message for `entropy=range`. */
export function sectionsOf(segments: readonly Segment[]): readonly Section[] {
  return segments.flatMap(({ length, grid }) => {
    if (grid === undefined) return [raw(4 * length)];
    const sections: Section[] = [];
    for (let start = 0; start < length; start += grid.bucket) {
      sections.push(raw(headerBytes(grid)), symbols(Math.min(grid.bucket, length - start), grid.bits));
    }
    return sections;
  });
}

const segmentBytes = ({ length, grid }: Segment): number =>
  grid === undefined ? 4 * length : quantisedBytes(grid, length);

export class UniformCodec implements Codec {
  readonly maxBytes: Bytes;
  readonly #name: string;
  readonly #segments: readonly Segment[];
  readonly #random: boolean;
  readonly #using: Kernels;

  /** @param segments in order, and all of the vector @param atLeast bytes that a shorter vector may take */
  constructor(name: string, segments: readonly Segment[], rounding: Rounding, using: Kernels, atLeast = 0) {
    const size = segments.reduce((sum, segment) => sum + segmentBytes(segment), 0);
    this.maxBytes = bytes(Math.max(size, atLeast));
    this.#name = name;
    this.#segments = segments;
    this.#random = rounding === "stochastic";
    this.#using = using;
  }

  encode(x: Float32Array, into: ByteSink, rng: Random): void {
    const start = into.length;
    for (const segment of this.#segments) {
      const { offset, length, grid } = segment;
      const entries = x.subarray(offset, offset + length);
      const room = into.room(segmentBytes(segment));
      const finite =
        grid === undefined
          ? this.#copy(entries, room)
          : this.#using.toGrid(entries, grid, this.#random ? rng : undefined, offset, room);
      if (!finite) this.#refuse(into, start);
    }
  }

  encodeWithFeedback(x: Float32Array, { settled, tentative }: Residual, into: ByteSink, rng: Random): void {
    const start = into.length;
    const error = plain(settled);
    tentative.scale = 0;
    for (const segment of this.#segments) {
      const { offset, length, grid } = segment;
      const [entries, e, rest] = [x, error, tentative.values].map((all) => all.subarray(offset, offset + length));
      const room = into.room(segmentBytes(segment));
      const finite =
        grid === undefined
          ? this.#copyWithFeedback(entries!, e!, rest!, room)
          : this.#using.gridFeedback(entries!, e!, grid, this.#random ? rng : undefined, offset, rest!, room);
      if (!finite) this.#refuse(into, start);
    }
  }

  decode(from: ByteSource, out: Float32Array): void {
    const parts = this.#read(from);
    for (const [s, { offset, length, grid }] of this.#segments.entries()) {
      const [part, entries] = [parts[s]!, out.subarray(offset, offset + length)];
      if (grid !== undefined) this.#using.fromGrid(part, grid, entries);
      else entries.set(floats(part).map(withoutNegativeZero));
    }
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number): void {
    const parts = this.#read(from);
    for (const [s, { offset, length, grid }] of this.#segments.entries()) {
      const [part, entries] = [parts[s]!, out.subarray(offset, offset + length)];
      if (grid !== undefined) this.#using.addGrid(part, grid, weight, entries);
      else this.#using.axpy(weight, floats(part), entries);
    }
  }

  /** Entries as they are, but −0 as 0. False if one is not finite. */
  #copy(entries: Float32Array, room: Uint8Array): boolean {
    const values = entries.map(withoutNegativeZero);
    room.set(new Uint8Array(values.buffer));
    return this.#using.allFinite(values);
  }

  #copyWithFeedback(x: Float32Array, e: Float32Array, rest: Float32Array, room: Uint8Array): boolean {
    this.#using.add(x, e, rest);
    const finite = this.#copy(rest, room);
    this.#using.axpy(-1, floats(room), rest); // leaves −0 where that was, and else 0
    return finite;
  }

  #refuse(into: ByteSink, start: number): never {
    into.rewind(start);
    throw nonFiniteInput(this.#name);
  }

  /** The bytes of each segment, when all of them decode. */
  #read(from: ByteSource): Uint8Array[] {
    const parts = this.#segments.map((segment) => {
      const part = from.bytes(segmentBytes(segment));
      if (segment.grid !== undefined) checkGrids(part, segment.grid, segment.length, from);
      else if (!this.#using.allFinite(floats(part))) throw from.corrupt("finite entries");
      return part;
    });
    from.end();
    return parts;
  }
}

const withoutNegativeZero = (value: number): number => value + 0;

/** A copy, for bytes of a message need not be aligned. */
const floats = (part: Uint8Array): Float32Array => new Float32Array(part.slice().buffer);

function checkGrids(part: Uint8Array, grid: Grid, length: number, from: ByteSource): void {
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  for (let at = 0; at < part.length; at += bucketBytes(grid, grid.bucket)) {
    const step = view.getFloat32(at, true);
    if (!(step >= 0 && step < Number.POSITIVE_INFINITY) || Object.is(step, -0)) {
      throw from.corrupt("a finite step of at least +0", step);
    }
    if (!grid.symmetric && !Number.isFinite(view.getFloat32(at + 4, true))) throw from.corrupt("a finite low");
  }
  checkUnusedBits(part, length * grid.bits, from); // those of the last bucket: the others end with a byte
}
