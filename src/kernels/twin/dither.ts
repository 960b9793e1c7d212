/** Levels of a norm: norms of buckets, random rounding to whole levels, and levels back to values. */
import { froundUp } from "../../base/fround-up.ts";
import { draw } from "../../base/random.ts";
import { bucketCount, nibblesLength, sameLength } from "../lengths.ts";
import { maxMagnitude, sumSquares } from "./sums.ts";

const { fround } = Math;

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

export function dither(
  x: Float32Array,
  steps: Float32Array,
  bucket: number,
  k0: number,
  k1: number,
  first: number,
  levels: Int16Array,
): void {
  sameLength(x.length, levels);
  bucketCount(x.length, bucket, steps);
  for (let b = 0; b < steps.length; b++) {
    const step = steps[b]! > 0 ? steps[b]! : 1;
    const end = Math.min(x.length, (b + 1) * bucket);
    for (let i = b * bucket; i < end; i++) {
      const y = fround(x[i]! / step);
      const whole = Math.floor(y);
      const r = fround(draw(k0, k1, first + i) >>> 1) * 2 ** -31;
      levels[i] = r < fround(y - whole) ? whole + 1 : whole;
    }
  }
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

export function packNibbles(levels: Int16Array, nibbles: Uint8Array): void {
  nibblesLength(levels.length, nibbles);
  for (let j = 0; j < nibbles.length; j++) {
    nibbles[j] = (levels[2 * j]! & 15) | (((levels[2 * j + 1] ?? 0) & 15) << 4);
  }
}

export function unpackNibbles(nibbles: Uint8Array, levels: Int16Array): void {
  nibblesLength(levels.length, nibbles);
  for (let i = 0; i < levels.length; i++) levels[i] = ((nibbles[i >>> 1]! >>> (4 * (i & 1))) << 28) >> 28;
}

export function holdsNibble(nibbles: Uint8Array, nibble: number): boolean {
  return nibbles.some((byte) => (byte & 15) === nibble || byte >>> 4 === nibble);
}
