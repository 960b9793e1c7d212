// Levels of a norm, bucket by bucket; the steps are those of `twin/dither.ts`. n entries, of which `x` starts a bucket.
import { M0, M1, M2, mix } from "./draws";
import { hold } from "./registers";
import { maxBits, sumSquares } from "./sums";

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

// @ts-ignore: decorator
@inline
function roundUp(v: f64): f32 {
  const nearest = <f32>v;
  return <f64>nearest < v ? reinterpret<f32>(reinterpret<u32>(nearest) + 1) : nearest;
}

/** Levels of four entries in lanes of 32 bits; `counter` are their counters. */
// @ts-ignore: decorator
@inline
function levels4(
  x: v128, step: v128, counter: v128, k0: v128, k1: v128, m0: v128, m1: v128, m2: v128, unit: v128, magic: v128,
): v128 {
  const y = f32x4.div(x, step);
  const whole = f32x4.floor(y);
  const r = f32x4.convert_i32x4_s(i32x4.shr_u(mix(counter, k0, k1, m0, m1, m2), 1));
  const isUp = f32x4.lt(r, f32x4.mul(f32x4.sub(y, whole), unit)); // −1 where true
  return i32x4.sub(i32x4.sub(f32x4.add(whole, magic), magic), isUp); // the mantissa ends with the whole number
}

export function dither(
  x: usize, steps: usize, n: i32, bucket: i32, k0: i32, k1: i32, first: i32, levels: usize,
): void {
  const key0 = i32x4.splat(k0);
  const key1 = i32x4.splat(k1);
  const m0 = hold(i32x4.splat(M0), n);
  const m1 = hold(i32x4.splat(M1), n);
  const m2 = hold(i32x4.splat(M2), n);
  const four = hold(i32x4.splat(4), n);
  const unit = hold(f32x4.splat(2147483648), n); // 2³¹
  const magic = hold(f32x4.splat(12582912), n); // 1.5 · 2²³
  while (n > 0) {
    let left = min(n, bucket);
    n -= left;
    const value = load<f32>(steps);
    const step = f32x4.splat(value > 0 ? value : 1);
    steps += 4;
    let i = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
    first += left;
    for (; left >= 8; left -= 8) {
      const j = i32x4.add(i, four);
      const a = levels4(v128.load(x), step, i, key0, key1, m0, m1, m2, unit, magic);
      const b = levels4(v128.load(x, 16), step, j, key0, key1, m0, m1, m2, unit, magic);
      v128.store(levels, i16x8.narrow_i32x4_s(a, b));
      i = i32x4.add(j, four);
      x += 32;
      levels += 16;
    }
    for (; left > 0; left--) {
      const a = levels4(v128.load32_zero(x), step, i, key0, key1, m0, m1, m2, unit, magic);
      store<i16>(levels, i32x4.extract_lane(a, 0));
      i = i32x4.add(i, i32x4.splat(1));
      x += 4;
      levels += 2;
    }
  }
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

/** Four bits a level in two's complement, the first of two in the low half of a byte. */
export function packNibbles(levels: usize, nibbles: usize, n: i32): void {
  const byte = hold(i16x8.splat(0x0f), n);
  const upper = hold(i16x8.splat(0xf0), n);
  for (; n >= 32; n -= 32) {
    const a = i8x16.narrow_i16x8_s(v128.load(levels), v128.load(levels, 16));
    const b = i8x16.narrow_i16x8_s(v128.load(levels, 32), v128.load(levels, 48));
    // In a pair of bytes the second level lies 8 bits up: 4 down brings it behind the first.
    const p = v128.or(v128.and(a, byte), v128.and(i16x8.shr_u(a, 4), upper));
    const q = v128.or(v128.and(b, byte), v128.and(i16x8.shr_u(b, 4), upper));
    v128.store(nibbles, i8x16.narrow_i16x8_u(p, q));
    levels += 64;
    nibbles += 16;
  }
  for (; n >= 2; n -= 2) {
    store<u8>(nibbles, (load<u8>(levels) & 15) | (load<u8>(levels, 2) << 4));
    levels += 4;
    nibbles += 1;
  }
  if (n > 0) store<u8>(nibbles, load<u8>(levels) & 15);
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
