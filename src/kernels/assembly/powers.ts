// f32 to signed powers of two and back, sixteen at a time; the steps are those of `twin/powers.ts`.
import { M0, M1, M2, mix } from "./draws";
import { without } from "./half";
import { hold } from "./registers";

const LARGEST: i32 = 0x7f7fffff; // f32
const NEAREST: i32 = 0x3fffff; // added to the mantissa, it carries where the entry lies above the middle

/**
 * Rounds n entries, of which the first has number `first`, with `feedback` x + e, and returns whether
 * an exponent is 255 then, or `found` was: so it is if an entry is not finite, and otherwise only where one lies above 2¹²⁷.
 */
// @ts-ignore: decorator
@inline
function round(
  x: usize, e: usize, k0: i32, k1: i32, first: i32, rest: usize, exponents: usize, signs: usize,
  n: i32, found: bool, random: bool, feedback: bool,
): bool {
  const magnitude = hold(i32x4.splat(0x7fffffff), n);
  const largest = hold(i32x4.splat(LARGEST), n);
  const key0 = i32x4.splat(k0);
  const key1 = i32x4.splat(k1);
  const m0 = hold(i32x4.splat(M0), n);
  const m1 = hold(i32x4.splat(M1), n);
  const m2 = hold(i32x4.splat(M2), n);
  const four = hold(i32x4.splat(4), n);
  const nearest = hold(i32x4.splat(NEAREST), n);
  let i = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  let top = i8x16.splat(found ? -1 : 0);
  for (; n >= 16; n -= 16) {
    let a = v128.load(x);
    let b = v128.load(x, 16);
    let c = v128.load(x, 32);
    let d = v128.load(x, 48);
    if (feedback) {
      a = f32x4.add(a, v128.load(e));
      b = f32x4.add(b, v128.load(e, 16));
      c = f32x4.add(c, v128.load(e, 32));
      d = f32x4.add(d, v128.load(e, 48));
      e += 64;
    }
    store<u16>(signs, i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d))));
    let p = v128.and(a, magnitude);
    let q = v128.and(b, magnitude);
    let r = v128.and(c, magnitude);
    let s = v128.and(d, magnitude);
    const j = i32x4.add(i, four);
    const k = i32x4.add(j, four);
    const l = i32x4.add(k, four);
    p = exponent(p, random ? drawn(i, key0, key1, m0, m1, m2) : nearest);
    q = exponent(q, random ? drawn(j, key0, key1, m0, m1, m2) : nearest);
    r = exponent(r, random ? drawn(k, key0, key1, m0, m1, m2) : nearest);
    s = exponent(s, random ? drawn(l, key0, key1, m0, m1, m2) : nearest);
    i = i32x4.add(l, four);
    const fields = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(p, q), i16x8.narrow_i32x4_s(r, s));
    v128.store(exponents, fields);
    top = i8x16.max_u(top, fields);
    if (feedback) {
      v128.store(rest, without(a, power(p, largest), v128.andnot(a, magnitude)));
      v128.store(rest, without(b, power(q, largest), v128.andnot(b, magnitude)), 16);
      v128.store(rest, without(c, power(r, largest), v128.andnot(c, magnitude)), 32);
      v128.store(rest, without(d, power(s, largest), v128.andnot(d, magnitude)), 48);
      rest += 64;
    }
    x += 64;
    exponents += 16;
    signs += 2;
  }
  let tail = 0;
  for (let bit = 0; bit < n; bit++) {
    let a = v128.load32_zero(x);
    if (feedback) {
      a = f32x4.add(a, v128.load32_zero(e));
      e += 4;
    }
    tail |= (i32x4.extract_lane(a, 0) >>> 31) << bit;
    let p = v128.and(a, magnitude);
    p = exponent(p, random ? drawn(i, key0, key1, m0, m1, m2) : nearest);
    i = i32x4.add(i, i32x4.splat(1));
    const field = min(i32x4.extract_lane(p, 0), 255);
    store<u8>(exponents, field);
    top = i8x16.max_u(top, i8x16.splat(<i8>field));
    if (feedback) {
      store<f32>(rest, f32x4.extract_lane(without(a, power(p, largest), v128.andnot(a, magnitude)), 0));
      rest += 4;
    }
    x += 4;
    exponents += 1;
  }
  if (n > 0) store<u8>(signs, tail);
  if (n > 8) store<u8>(signs, tail >> 8, 1);
  return v128.any_true(i8x16.eq(top, i8x16.splat(-1)));
}

/** A number below 2²³ in each lane. */
// @ts-ignore: decorator
@inline
function drawn(i: v128, k0: v128, k1: v128, m0: v128, m1: v128, m2: v128): v128 {
  return i32x4.shr_u(mix(i, k0, k1, m0, m1, m2), 9);
}

// @ts-ignore: decorator
@inline
function exponent(m: v128, up: v128): v128 {
  return i32x4.shr_u(i32x4.add(m, up), 23);
}

/** The power of two of an exponent field; the largest f32 where infinity would be. */
// @ts-ignore: decorator
@inline
function power(field: v128, largest: v128): v128 {
  return i32x4.min_s(i32x4.shl(field, 23), largest);
}

export function toPowers(
  x: usize, k0: i32, k1: i32, first: i32, exponents: usize, signs: usize, n: i32, found: bool,
): bool {
  return round(x, 0, k0, k1, first, 0, exponents, signs, n, found, true, false);
}

export function toNearestPowers(x: usize, exponents: usize, signs: usize, n: i32, found: bool): bool {
  return round(x, 0, 0, 0, 0, 0, exponents, signs, n, found, false, false);
}

export function powersFeedback(
  x: usize, e: usize, k0: i32, k1: i32, first: i32, rest: usize, exponents: usize, signs: usize, n: i32, found: bool,
): bool {
  return round(x, e, k0, k1, first, rest, exponents, signs, n, found, true, true);
}

export function nearestPowersFeedback(
  x: usize, e: usize, rest: usize, exponents: usize, signs: usize, n: i32, found: bool,
): bool {
  return round(x, e, 0, 0, 0, rest, exponents, signs, n, found, false, true);
}

/** The sign bit in lane i where bit i of `word` (of the four in `bit`) is 1. */
// @ts-ignore: decorator
@inline
function signBits(word: v128, bit: v128): v128 {
  return i32x4.shl(i32x4.eq(v128.and(word, bit), bit), 31);
}

/** A signed power of two, 0 for −0. */
// @ts-ignore: decorator
@inline
function signed(field: v128, largest: v128, sign: v128): v128 {
  return f32x4.add(v128.or(power(field, largest), sign), f32x4.splat(0));
}

/** Decodes n entries onto `out`, or with `adds` adds them times `weight`. */
// @ts-ignore: decorator
@inline
function expand(exponents: usize, signs: usize, weight: f32, out: usize, n: i32, adds: bool): void {
  const factor = f32x4.splat(weight);
  const largest = hold(i32x4.splat(LARGEST), n);
  const b0 = hold(i32x4(1, 2, 4, 8), n);
  const b1 = hold(i32x4(16, 32, 64, 128), n);
  const b2 = hold(i32x4(256, 512, 1024, 2048), n);
  const b3 = hold(i32x4(4096, 8192, 16384, 32768), n);
  for (; n >= 16; n -= 16) {
    const word = i32x4.splat(<i32>load<u16>(signs));
    const fields = v128.load(exponents);
    const low = i16x8.extend_low_i8x16_u(fields);
    const high = i16x8.extend_high_i8x16_u(fields);
    let a = signed(i32x4.extend_low_i16x8_u(low), largest, signBits(word, b0));
    let b = signed(i32x4.extend_high_i16x8_u(low), largest, signBits(word, b1));
    let c = signed(i32x4.extend_low_i16x8_u(high), largest, signBits(word, b2));
    let d = signed(i32x4.extend_high_i16x8_u(high), largest, signBits(word, b3));
    if (adds) {
      a = f32x4.add(v128.load(out), f32x4.mul(factor, a));
      b = f32x4.add(v128.load(out, 16), f32x4.mul(factor, b));
      c = f32x4.add(v128.load(out, 32), f32x4.mul(factor, c));
      d = f32x4.add(v128.load(out, 48), f32x4.mul(factor, d));
    }
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
    exponents += 16;
    signs += 2;
    out += 64;
  }
  for (let i = 0; i < n; i++) {
    const sign = <i32>(load<u8>(signs + (i >> 3)) >> (<u8>i & 7)) << 31;
    const value = reinterpret<f32>(min(<i32>load<u8>(exponents + i) << 23, LARGEST) | sign) + 0;
    const at = out + (<usize>i << 2);
    store<f32>(at, adds ? load<f32>(at) + weight * value : value);
  }
}

export function fromPowers(exponents: usize, signs: usize, out: usize, n: i32): void {
  expand(exponents, signs, 1, out, n, false);
}

export function addPowers(exponents: usize, signs: usize, weight: f32, out: usize, n: i32): void {
  expand(exponents, signs, weight, out, n, true);
}
