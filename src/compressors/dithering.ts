/**
 * Dithering: each entry is rounded at random to one of the levels of its bucket's norm, so that its mean stays.
 *
 * What QSGD, TernGrad, linear, natural and exponential dithering share: norms of buckets, the rounding, error feedback, and
 * the message
 *
 *     for each bucket its scale (f32, little-endian), then the levels of all entries in a `LevelCode`
 *
 * Vectors are worked on in stretches that stay in a cache. Levels of four bits (seven equal steps, fixed code) are
 * packed and unpacked as they come; other codes take all levels at once.
 */
import type { Random } from "../base/random.ts";
import { type Bytes, bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { checkUnusedBits, packedBytes } from "../coding/fixed-width.ts";
import { fixedCode, type LevelCode } from "../coding/level-codes.ts";
import { bytesVector, type Kernels, vector } from "../kernels/index.ts";
import type { Codec, Residual } from "./compressor.ts";
import { plain } from "./feedback.ts";
import type { Ladder } from "./ladder.ts";
import { nonFiniteInput, overflowingNorm } from "./non-finite.ts";

/** ‖x‖₂, or max|x_i|. */
export type Norm = "l2" | "max";

export interface Dithering {
  /** The compressor's, for errors. */
  readonly name: string;
  readonly norm: Norm;
  readonly ladder: Ladder;
  readonly code: LevelCode;
  /** Entries are cut off at this many times √(Σx_i²/n) of their bucket of n. */
  readonly clip?: number | undefined;
}

/** Entries worked on at once: they stay in the second-level cache, and calls of kernels cost little beside them. */
const STRETCH = 16384;

/** Bits of a level of s = 7 in the fixed code, and the one number among them that is no level. */
const NIBBLE = { bits: 4, levels: 7, invalid: 8 } as const;

export class DitheringCodec implements Codec {
  readonly maxBytes: Bytes;
  readonly #what: Dithering;
  readonly #using: Kernels;
  readonly #length: number;
  readonly #scales: Float32Array;
  readonly #stretches: readonly Stretch[];
  /** Levels of one piece, or of all. */
  readonly #levels: Int16Array;
  readonly #packsAsItGoes: boolean;
  readonly #clipped: Float32Array | undefined;

  /** @param ends where each bucket ends, in order; the last at `length` */
  constructor(what: Dithering, length: number, ends: readonly number[], using: Kernels) {
    const most = what.ladder.levels;
    this.maxBytes = bytes(length === 0 ? 0 : 4 * ends.length + what.code.maxBytes(length, most));
    this.#what = what;
    this.#using = using;
    this.#length = length;
    this.#scales = vector(length === 0 ? 0 : ends.length);
    this.#stretches = length === 0 ? [] : stretchesOf(ends, this.#scales);
    const isEven = this.#stretches.every(
      ({ start, bucket, scales }) => (start | (scales.length > 1 ? bucket : 0)) % 2 === 0,
    );
    this.#packsAsItGoes = isEven && what.code === fixedCode && what.ladder.roundToNibbles !== undefined;
    const count = this.#packsAsItGoes ? Math.min(STRETCH, length) : length;
    const room = bytesVector(2 * count);
    this.#levels = new Int16Array(room.buffer, room.byteOffset, count);
    this.#clipped = what.clip === undefined ? undefined : vector(Math.min(STRETCH, length));
  }

  encode(x: Float32Array, into: ByteSink, rng: Random): void {
    this.#encode(x, undefined, into, rng);
  }

  encodeWithFeedback(x: Float32Array, residual: Residual, into: ByteSink, rng: Random): void {
    residual.tentative.scale = 0;
    this.#encode(x, residual, into, rng);
  }

  decode(from: ByteSource, out: Float32Array): void {
    const nibbles = this.#read(from);
    const { ladder } = this.#what;
    for (const piece of this.#pieces()) {
      ladder.values(this.#unpacked(nibbles, piece), piece.scales, piece.bucket, out.subarray(piece.start, piece.end));
    }
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number): void {
    const nibbles = this.#read(from);
    const { ladder } = this.#what;
    for (const piece of this.#pieces()) {
      const levels = this.#unpacked(nibbles, piece);
      ladder.add(weight, levels, piece.scales, piece.bucket, out.subarray(piece.start, piece.end));
    }
  }

  #encode(x: Float32Array, residual: Residual | undefined, into: ByteSink, rng: Random): void {
    if (this.#length === 0) return;
    const begin = into.length;
    const head = into.room(this.#scales.byteLength);
    const nibbles = this.#packsAsItGoes ? into.room(packedBytes(this.#length, NIBBLE.bits)) : undefined;
    const { ladder, code } = this.#what;
    for (const stretch of this.#stretches) {
      const p = this.#measure(x, residual, stretch);
      if (!this.#scale(p, stretch)) {
        into.rewind(begin);
        throw this.#using.allFinite(p) ? overflowingNorm(this.#what.name) : nonFiniteInput(this.#what.name);
      }
      if (nibbles === undefined) this.#round(p, stretch, residual !== undefined, rng);
      else {
        const { start, end, bucket, scales } = stretch;
        const room = nibbles.subarray(start >>> 1, (end + 1) >>> 1);
        ladder.roundToNibbles?.(p, scales, bucket, rng, start, room, residual !== undefined);
      }
    }
    head.set(bytesOf(this.#scales));
    if (nibbles === undefined) code.write(this.#levels, ladder.levels, into);
  }

  /** Fills the levels of a stretch; with feedback its entries become what they lack. */
  #round(p: Float32Array, stretch: Stretch, feedback: boolean, rng: Random): void {
    const { ladder } = this.#what;
    for (const { start, end, bucket, scales } of piecesOf(stretch)) {
      const entries = p.subarray(start - stretch.start, end - stretch.start);
      const levels = this.#levelsOf(start, end);
      ladder.round(this.#cutOff(entries, scales, bucket), scales, bucket, rng, start, levels);
      if (feedback) ladder.add(-1, levels, scales, bucket, entries);
    }
  }

  /** Fills the norms of buckets. Returns x, or p = x + e in the tentative memory, where it becomes the new e. */
  #measure(x: Float32Array, residual: Residual | undefined, { start, end, bucket, scales }: Stretch): Float32Array {
    const using = this.#using;
    const entries = x.subarray(start, end);
    const isL2 = this.#what.norm === "l2";
    if (residual === undefined) {
      if (isL2) using.bucketNorms(entries, bucket, scales);
      else using.bucketMaxima(entries, bucket, scales);
      return entries;
    }
    const p = residual.tentative.values.subarray(start, end);
    const e = plain(residual.settled).subarray(start, end);
    if (isL2) using.addBucketNorms(entries, e, p, bucket, scales);
    else using.addBucketMaxima(entries, e, p, bucket, scales);
    return p;
  }

  /** Turns norms into scales. False if an entry is not finite, or a norm too large. */
  #scale(x: Float32Array, { bucket, scales }: Stretch): boolean {
    const { ladder, clip } = this.#what;
    for (let b = 0; b < scales.length; b++) {
      const limit = clip === undefined ? Infinity : Math.fround(clip * rootMeanSquare(x, b, bucket, this.#using));
      const scale = ladder.scale(Math.min(scales[b]!, limit));
      if (!Number.isFinite(ladder.top(scale))) return false;
      scales[b] = scale;
    }
    return true;
  }

  /** The entries, each at most the top of its bucket. */
  #cutOff(x: Float32Array, scales: Float32Array, bucket: number): Float32Array {
    if (this.#clipped === undefined) return x;
    const clipped = this.#clipped.subarray(0, x.length);
    for (let i = 0; i < x.length; i++) {
      const top = this.#what.ladder.top(scales[Math.floor(i / bucket)]!);
      clipped[i] = Math.max(-top, Math.min(top, x[i]!));
    }
    return clipped;
  }

  /** Reads a message to its end: fills scales and levels, or returns the levels packed. */
  #read(from: ByteSource): Uint8Array | undefined {
    const { ladder, code } = this.#what;
    bytesOf(this.#scales).set(from.bytes(this.#scales.byteLength));
    for (const scale of this.#scales) {
      const isValid = Number.isFinite(ladder.top(scale)) && scale >= 0 && !Object.is(scale, -0);
      if (!isValid) throw from.corrupt("a scale of at least +0 that does not overflow", scale);
    }
    if (!this.#packsAsItGoes) {
      if (this.#length > 0) code.read(from, ladder.levels, this.#levels);
      from.end();
      return undefined;
    }
    const nibbles = from.bytes(packedBytes(this.#length, NIBBLE.bits));
    from.end();
    checkUnusedBits(nibbles, NIBBLE.bits * this.#length, from);
    if (this.#using.holdsNibble(nibbles, NIBBLE.invalid)) throw from.corrupt("levels from −7 to 7", -8);
    return nibbles;
  }

  #unpacked(nibbles: Uint8Array | undefined, { start, end }: Stretch): Int16Array {
    const levels = this.#levelsOf(start, end);
    if (nibbles !== undefined) this.#using.unpackNibbles(nibbles.subarray(start >>> 1, (end + 1) >>> 1), levels);
    return levels;
  }

  #levelsOf(start: number, end: number): Int16Array {
    return this.#packsAsItGoes ? this.#levels.subarray(0, end - start) : this.#levels.subarray(start, end);
  }

  *#pieces(): Iterable<Stretch> {
    for (const stretch of this.#stretches) yield* piecesOf(stretch);
  }
}

/** Buckets of one length, the last perhaps shorter, that are worked on together. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly bucket: number;
  /** A scale for each bucket. */
  readonly scales: Float32Array;
}

/** Stretches of whole buckets, at most STRETCH entries or one larger bucket. */
function stretchesOf(ends: readonly number[], scales: Float32Array): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let start = 0;
  let first = 0;
  for (let b = 0; b < ends.length; b++) {
    const end = ends[b]!;
    const bucket = ends[first]! - start;
    const next = (ends[b + 1] ?? end) - end;
    const isWhole = end - start === (b + 1 - first) * bucket;
    if (next > 0 && next <= bucket && isWhole && end + next - start <= STRETCH) continue;
    stretches.push({ start, end, bucket, scales: scales.subarray(first, b + 1) });
    start = end;
    first = b + 1;
  }
  return stretches;
}

/** A stretch as it is, or a larger bucket in pieces that share its scale. */
function piecesOf(stretch: Stretch): readonly Stretch[] {
  const { start, end, scales } = stretch;
  if (end - start <= STRETCH) return [stretch];
  return Array.from({ length: Math.ceil((end - start) / STRETCH) }, (_, j) => {
    const from = start + j * STRETCH;
    return { start: from, end: Math.min(end, from + STRETCH), bucket: STRETCH, scales };
  });
}

function rootMeanSquare(x: Float32Array, b: number, bucket: number, using: Kernels): number {
  const entries = x.subarray(b * bucket, (b + 1) * bucket);
  return Math.sqrt(using.sumSquares(entries) / entries.length);
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
