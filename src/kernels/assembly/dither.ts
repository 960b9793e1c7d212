// Levels of a norm, bucket by bucket; the steps are those of `twin/dither.ts`. n entries, of which `x` starts a bucket.
import { fractionBits, MAGIC, MAGIC_BITS, NEXT, PAIR_M0, PAIR_M1, pairs, placesOf } from "./chances";
import { storeLastCodes } from "./codes";
import { add } from "./elementwise";
import { addAndLookAtMagnitudes, magnitudeBits } from "./extent";
import { TAIL, TAIL_2 } from "./memory";
import { hold } from "./registers";
import { maxBits, sumSquares } from "./sums";

/** Steps below 2⁻⁶⁴ are taken times 2⁶⁴. */
const SMALL: f32 = 5.421010862427522e-20;
const LARGE: f32 = 18446744073709551616.0;

export function bucketNorms(x: usize, n: i32, bucket: i32, norms: usize): void {
  for (; n > 0; n -= bucket) {
    store<f32>(norms, roundUp(sqrt<f64>(sumSquares(x, min(n, bucket), 0))));
    x += <usize>bucket << 2;
    norms += 4;
  }
}

export function bucketMaxima(x: usize, n: i32, bucket: i32, maxima: usize): void {
  for (; n > 0; n -= bucket) {
    store<i32>(maxima, maxBits(x, min(n, bucket), 0));
    x += <usize>bucket << 2;
    maxima += 4;
  }
}

/** p = x + v, and the norms of p, a bucket at a time: it stays in the first-level cache. */
export function addBucketNorms(x: usize, v: usize, p: usize, n: i32, bucket: i32, norms: usize): void {
  for (; n > 0; n -= bucket) {
    const m = min(n, bucket);
    add(x, v, p, m);
    bucketNorms(p, m, bucket, norms);
    x += <usize>m << 2;
    v += <usize>m << 2;
    p += <usize>m << 2;
    norms += 4;
  }
}

export function addBucketMaxima(x: usize, v: usize, p: usize, n: i32, bucket: i32, maxima: usize): void {
  for (; n > 0; n -= bucket) {
    const m = min(n, bucket);
    addAndLookAtMagnitudes(x, v, p, m);
    store<i32>(maxima, magnitudeBits);
    x += <usize>m << 2;
    v += <usize>m << 2;
    p += <usize>m << 2;
    maxima += 4;
  }
}

// @ts-ignore: decorator
@inline
function roundUp(v: f64): f32 {
  const nearest = <f32>v;
  return <f64>nearest < v ? reinterpret<f32>(reinterpret<u32>(nearest) + 1) : nearest;
}

export function dither(
  x: usize, steps: usize, n: i32, bucket: i32, most: i32, k0: i32, k1: i32, first: i32, levels: usize,
): void {
  round(false, false, fractionBits(32 - clz(most)), x, steps, n, bucket, k0, k1, first, levels);
}

export function ditherNibbles(
  x: usize, steps: usize, n: i32, bucket: i32, k0: i32, k1: i32, first: i32, nibbles: usize,
): void {
  round(true, false, 16, x, steps, n, bucket, k0, k1, first, nibbles);
}

export function ditherNibblesFeedback(
  p: usize, steps: usize, n: i32, bucket: i32, k0: i32, k1: i32, first: i32, nibbles: usize,
): void {
  round(true, true, 16, p, steps, n, bucket, k0, k1, first, nibbles);
}

/** @param packs to nibbles: f = 16 bits of a step's fraction, else any number @param n entries, of which `x` starts a bucket */
// @ts-ignore: decorator
@inline
function round(
  packs: bool, feedback: bool, f: i32, x: usize, steps: usize, n: i32, bucket: i32, k0: i32, k1: i32, first: i32, out: usize,
): void {
  const key1 = i32x4.splat(k1);
  const m0 = hold(i32x4.splat(PAIR_M0), n);
  const m1 = hold(i32x4.splat(PAIR_M1), n);
  const next = hold(i32x4.splat(NEXT), n);
  const below = hold(i32x4.splat((1 << f) - 1), n);
  const magic = hold(f32x4.splat(MAGIC), n);
  const bias = hold(i32x4.splat(MAGIC_BITS >> f), n);
  const four = hold(i16x8.splat(15), n);
  const byte = hold(i16x8.splat(0xff), n);
  while (n > 0) {
    let left = min(n, bucket);
    n -= left;
    const value = load<f32>(steps);
    steps += 4;
    const one: f32 = value > 0 ? value : 1;
    const scale: f32 = one < SMALL ? LARGE : 1;
    const inverse = f32x4.splat(<f32>(<f64>(1 << f) / (<f64>one * <f64>scale)));
    const step = f32x4.splat(value);
    const end = out + <usize>(packs ? (left + 1) >> 1 : left << 1);
    let i = placesOf(first, k0);
    first += left;
    if (scale == 1) {
      for (; left >= 16; left -= 16) {
        const j = i32x4.add(i, next);
        const p = levels8(
          packs, feedback, f, x, pairs(i, key1, m0, m1), step, inverse, magic, bias, below,
        );
        const q = levels8(
          packs, feedback, f, x + 32, pairs(j, key1, m0, m1), step, inverse, magic, bias, below,
        );
        i = i32x4.add(j, next);
        if (packs) {
          // The lower four bits of a level in a byte, then in a pair of bytes the second level goes up behind the first.
          const bytes = i8x16.narrow_i16x8_u(v128.and(p, four), v128.and(q, four));
          const both = v128.and(v128.or(bytes, i16x8.shr_u(bytes, 4)), byte);
          store<u64>(out, i64x2.extract_lane(i8x16.narrow_i16x8_u(both, both), 0));
        } else {
          v128.store(out, p);
          v128.store(out, q, 16);
        }
        x += 64;
        out += packs ? 8 : 32;
      }
    }
    // The last entries of a bucket, and all entries of one that must be scaled.
    for (; left > 0; left -= 16) {
      const m = min(left, 16);
      for (let k = 0; k < 16; k++) {
        const at = <usize>k << 2;
        store<f32>(TAIL + at, k < m ? load<f32>(x + at) * scale : 0);
      }
      const j = i32x4.add(i, next);
      const d = pairs(i, key1, m0, m1);
      const e = pairs(j, key1, m0, m1);
      v128.store(TAIL_2, levels8(false, false, f, TAIL, d, step, inverse, magic, bias, below));
      v128.store(TAIL_2, levels8(false, false, f, TAIL + 32, e, step, inverse, magic, bias, below), 16);
      i = i32x4.add(j, next);
      for (let k = m; k < 16; k++) store<i16>(TAIL_2 + (<usize>k << 1), 0);
      if (feedback) {
        for (let k = 0; k < m; k++) {
          const at = x + (<usize>k << 2);
          store<f32>(at, load<f32>(at) - <f32>load<i16>(TAIL_2 + (<usize>k << 1)) * value);
        }
      }
      if (packs) {
        const bytes = i8x16.narrow_i16x8_u(v128.and(v128.load(TAIL_2), four), v128.and(v128.load(TAIL_2, 16), four));
        storeLastCodes(bytes, 4, out, end);
      } else memory.copy(out, TAIL_2, min(32, end - out));
      x += <usize>m << 2;
      out += packs ? 8 : 32;
    }
    out = end;
  }
}

/** Levels of the eight entries at x, `packs`: their lower four bits; the upper halves of d are for the last four. */
// @ts-ignore: decorator
@inline
function levels8(
  packs: bool, feedback: bool, f: i32, x: usize, d: v128, step: v128, inverse: v128, magic: v128, bias: v128, below: v128,
): v128 {
  const a = v128.load(x);
  const b = v128.load(x, 16);
  const upper = i32x4.shr_u(d, 16);
  const p = levels4(f, a, v128.and(d, below), inverse, magic);
  const q = levels4(f, b, packs ? upper : v128.and(upper, below), inverse, magic);
  if (feedback) {
    v128.store(x, f32x4.sub(a, f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(p, bias)), step)));
    v128.store(x, f32x4.sub(b, f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(q, bias)), step)), 16);
  }
  return packs ? i16x8.narrow_i32x4_s(p, q) : i16x8.narrow_i32x4_s(i32x4.sub(p, bias), i32x4.sub(q, bias));
}

/** Levels of four entries and MAGIC_BITS/2^f, whose lowest four bits are 0 for f = 16. */
// @ts-ignore: decorator
@inline
function levels4(f: i32, x: v128, chance: v128, inverse: v128, magic: v128): v128 {
  const place = f32x4.add(f32x4.mul(x, inverse), magic); // its mantissa ends with the whole number
  return i32x4.shr_u(i32x4.add(place, chance), f);
}

// @ts-ignore: decorator
@inline
function low(levels: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(levels));
}

// @ts-ignore: decorator
@inline
function high(levels: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(levels));
}

export function scaleLevels(levels: usize, steps: usize, n: i32, bucket: i32, out: usize): void {
  const zero = f32x4.splat(0);
  while (n > 0) {
    let left = min(n, bucket);
    n -= left;
    const value = load<f32>(steps);
    const step = f32x4.splat(value);
    steps += 4;
    for (; left >= 8; left -= 8) {
      const eight = v128.load(levels);
      v128.store(out, f32x4.add(f32x4.mul(low(eight), step), zero)); // −0 + 0 is +0
      v128.store(out, f32x4.add(f32x4.mul(high(eight), step), zero), 16);
      levels += 16;
      out += 32;
    }
    for (; left > 0; left--) {
      store<f32>(out, <f32>load<i16>(levels) * value + 0);
      levels += 2;
      out += 4;
    }
  }
}

export function addLevels(weight: f32, levels: usize, steps: usize, n: i32, bucket: i32, out: usize): void {
  const factor = f32x4.splat(weight);
  while (n > 0) {
    let left = min(n, bucket);
    n -= left;
    const value = load<f32>(steps);
    const step = f32x4.splat(value);
    steps += 4;
    for (; left >= 8; left -= 8) {
      const eight = v128.load(levels);
      v128.store(out, f32x4.add(v128.load(out), f32x4.mul(factor, f32x4.mul(low(eight), step))));
      v128.store(out, f32x4.add(v128.load(out, 16), f32x4.mul(factor, f32x4.mul(high(eight), step))), 16);
      levels += 16;
      out += 32;
    }
    for (; left > 0; left--) {
      store<f32>(out, load<f32>(out) + weight * (<f32>load<i16>(levels) * value));
      levels += 2;
      out += 4;
    }
  }
}

export function unpackNibbles(nibbles: usize, levels: usize, n: i32): void {
  const table = hold(i8x16(0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1), n);
  const byte = hold(i16x8.splat(0x0f), n);
  const upper = hold(i16x8.splat(0x0f00), n);
  for (; n >= 16; n -= 16) {
    const pairs = i16x8.extend_low_i8x16_u(v128.load64_zero(nibbles));
    const spread = v128.or(v128.and(pairs, byte), v128.and(i16x8.shl(pairs, 4), upper));
    const signed = i8x16.swizzle(table, spread);
    v128.store(levels, i16x8.extend_low_i8x16_s(signed));
    v128.store(levels, i16x8.extend_high_i8x16_s(signed), 16);
    nibbles += 8;
    levels += 32;
  }
  for (let i = 0; i < n; i++) {
    const nibble = <i32>load<u8>(nibbles + (i >> 1)) >> ((i & 1) << 2);
    store<i16>(levels + (<usize>i << 1), (nibble << 28) >> 28);
  }
}

export function holdsNibble(nibbles: usize, bytes: i32, nibble: i32): bool {
  const low = i8x16.splat(<i8>nibble);
  const high = i8x16.splat(<i8>(nibble << 4));
  const lowMask = hold(i8x16.splat(0x0f), bytes);
  const highMask = hold(i8x16.splat(<i8>0xf0), bytes);
  let found = i32x4.splat(0);
  for (; bytes >= 16; bytes -= 16) {
    const pairs = v128.load(nibbles);
    found = v128.or(found, i8x16.eq(v128.and(pairs, lowMask), low));
    found = v128.or(found, i8x16.eq(v128.and(pairs, highMask), high));
    nibbles += 16;
  }
  if (v128.any_true(found)) return true;
  for (; bytes > 0; bytes--) {
    const pair = <i32>load<u8>(nibbles);
    if ((pair & 15) == nibble || pair >> 4 == nibble) return true;
    nibbles += 1;
  }
  return false;
}
