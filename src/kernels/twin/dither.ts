/** Levels of a norm: norms of buckets, random rounding to whole levels, and levels back to values. */
import { froundUp } from "../../base/fround-up.ts";
import type { Key } from "../kernels.ts";
import { bucketCount, evenBuckets, nibblesLength, sameLength } from "../lengths.ts";
import { chance, fractionBits, nearest } from "./chances.ts";
import { add } from "./elementwise.ts";
import { maxMagnitude, sumSquares } from "./sums.ts";

const { fround } = Math;

/** Largest level of four bits whose negative they hold too. */
const MOST_NIBBLE = 7;

export function bucketNorms(x: Float32Array, bucket: number, norms: Float32Array): void {
  bucketCount(x.length, bucket, norms);
  for (let b = 0; b < norms.length; b++) {
    norms[b] = froundUp(Math.sqrt(sumSquares(x.subarray(b * bucket, (b + 1) * bucket))));
  }
}

export function bucketMaxima(x: Float32Array, bucket: number, maxima: Float32Array): void {
  bucketCount(x.length, bucket, maxima);
  for (let b = 0; b < maxima.length; b++) maxima[b] = maxMagnitude(x.subarray(b * bucket, (b + 1) * bucket));
}

export function addBucketNorms(
  x: Float32Array,
  e: Float32Array,
  p: Float32Array,
  bucket: number,
  norms: Float32Array,
): void {
  add(x, e, p);
  bucketNorms(p, bucket, norms);
}

export function addBucketMaxima(
  x: Float32Array,
  e: Float32Array,
  p: Float32Array,
  bucket: number,
  maxima: Float32Array,
): void {
  add(x, e, p);
  bucketMaxima(p, bucket, maxima);
}

export function dither(
  x: Float32Array,
  steps: Float32Array,
  bucket: number,
  most: number,
  { k0, k1 }: Key,
  first: number,
  levels: Int16Array,
): void {
  sameLength(x.length, levels);
  bucketCount(x.length, bucket, steps);
  const bits = fractionBits(32 - Math.clz32(most));
  for (let b = 0; b < steps.length; b++) {
    const step = steps[b]! > 0 ? steps[b]! : 1;
    const scale = step < 2 ** -64 ? 2 ** 64 : 1; // or the inverse overflows
    const inverse = fround(2 ** bits / (step * scale));
    const start = b * bucket;
    const count = Math.min(x.length - start, bucket);
    for (let j = 0; j < count; j++) {
      const place = nearest(fround(fround(x[start + j]! * scale) * inverse));
      levels[start + j] = (place + chance(k0, k1, first + start, j, bits)) >> bits;
    }
  }
}

export function ditherNibbles(
  x: Float32Array,
  steps: Float32Array,
  bucket: number,
  key: Key,
  first: number,
  nibbles: Uint8Array,
): void {
  nibblesLength(x.length, nibbles);
  evenBuckets(x.length, bucket);
  const levels = new Int16Array(x.length);
  dither(x, steps, bucket, MOST_NIBBLE, key, first, levels);
  for (let j = 0; j < nibbles.length; j++) {
    nibbles[j] = (levels[2 * j]! & 15) | (((levels[2 * j + 1] ?? 0) & 15) << 4);
  }
}

export function ditherNibblesFeedback(
  p: Float32Array,
  steps: Float32Array,
  bucket: number,
  key: Key,
  first: number,
  nibbles: Uint8Array,
): void {
  ditherNibbles(p, steps, bucket, key, first, nibbles);
  const levels = new Int16Array(p.length);
  unpackNibbles(nibbles, levels);
  addLevels(-1, levels, steps, bucket, p);
}

export function scaleLevels(levels: Int16Array, steps: Float32Array, bucket: number, out: Float32Array): void {
  sameLength(out.length, levels);
  bucketCount(out.length, bucket, steps);
  for (let b = 0; b < steps.length; b++) {
    const end = Math.min(out.length, (b + 1) * bucket);
    for (let i = b * bucket; i < end; i++) out[i] = levels[i]! * steps[b]! + 0;
  }
}

export function addLevels(
  weight: number,
  levels: Int16Array,
  steps: Float32Array,
  bucket: number,
  out: Float32Array,
): void {
  sameLength(out.length, levels);
  bucketCount(out.length, bucket, steps);
  const factor = fround(weight);
  for (let b = 0; b < steps.length; b++) {
    const end = Math.min(out.length, (b + 1) * bucket);
    for (let i = b * bucket; i < end; i++) out[i] = out[i]! + fround(factor * fround(levels[i]! * steps[b]!));
  }
}

export function unpackNibbles(nibbles: Uint8Array, levels: Int16Array): void {
  nibblesLength(levels.length, nibbles);
  for (let i = 0; i < levels.length; i++) levels[i] = ((nibbles[i >>> 1]! >>> (4 * (i & 1))) << 28) >> 28;
}

export function holdsNibble(nibbles: Uint8Array, nibble: number): boolean {
  return nibbles.some((byte) => (byte & 15) === nibble || byte >>> 4 === nibble);
}
