// f32 to IEEE half and back; the laws are those of `twin/half.ts`.
//
// Rounding adds and subtracts a power of two: halves of exponent e lie 2^(e − 10) apart, as the f32 of [2^(e + 13), 2^(e + 14))
// do. Subnormal halves lie as far apart as those of the smallest normal exponent. The integer difference of the sum and the
// power is the mantissa with its leading one, which carries into the exponent as it should.
import { hold } from "./registers";
import { topLane } from "./sums";

const LARGEST: i32 = 0x477fe000; // 65504 as f32 bits
const NORMAL: i32 = 0x38800000; // 2⁻¹⁴, the smallest normal half, as f32 bits
const REBIAS: i32 = 0x38000000; // 112 in the exponent field

/** Rounds n entries, with `feedback` x + e, and returns the larger of `most` and their magnitude bits. */
// @ts-ignore: decorator
@inline
function round(x: usize, e: usize, rest: usize, halves: usize, n: i32, most: i32, feedback: bool): i32 {
  const magnitude = hold(i32x4.splat(0x7fffffff), n);
  const largest = hold(i32x4.splat(LARGEST), n);
  const field = hold(i32x4.splat(0x7f800000), n);
  const normal = hold(i32x4.splat(NORMAL), n);
  const thirteen = hold(i32x4.splat(13 << 23), n);
  let top = i32x4.splat(most);
  for (; n >= 8; n -= 8) {
    let a = v128.load(x);
    let b = v128.load(x, 16);
    if (feedback) {
      a = f32x4.add(a, v128.load(e));
      b = f32x4.add(b, v128.load(e, 16));
      e += 32;
    }
    const p = v128.and(a, magnitude);
    const q = v128.and(b, magnitude);
    top = i32x4.max_s(i32x4.max_s(top, p), q);
    const pLeast = i32x4.min_s(p, largest);
    const qLeast = i32x4.min_s(q, largest);
    const pField = i32x4.max_s(v128.and(pLeast, field), normal);
    const qField = i32x4.max_s(v128.and(qLeast, field), normal);
    const pPower = i32x4.add(pField, thirteen);
    const qPower = i32x4.add(qField, thirteen);
    const pSum = f32x4.add(pLeast, pPower);
    const qSum = f32x4.add(qLeast, qPower);
    v128.store(
      halves,
      i16x8.narrow_i32x4_u(
        half(i32x4.sub(pSum, pPower), i32x4.sub(pField, normal), v128.andnot(a, magnitude)),
        half(i32x4.sub(qSum, qPower), i32x4.sub(qField, normal), v128.andnot(b, magnitude)),
      ),
    );
    if (feedback) {
      v128.store(rest, without(a, f32x4.sub(pSum, pPower), v128.andnot(a, magnitude)));
      v128.store(rest, without(b, f32x4.sub(qSum, qPower), v128.andnot(b, magnitude)), 16);
      rest += 32;
    }
    x += 32;
    halves += 16;
  }
  for (; n > 0; n--) {
    let a = v128.load32_zero(x);
    if (feedback) {
      a = f32x4.add(a, v128.load32_zero(e));
      e += 4;
    }
    const p = v128.and(a, magnitude);
    top = i32x4.max_s(top, p);
    const pLeast = i32x4.min_s(p, largest);
    const pField = i32x4.max_s(v128.and(pLeast, field), normal);
    const pPower = i32x4.add(pField, thirteen);
    const pSum = f32x4.add(pLeast, pPower);
    const word = half(i32x4.sub(pSum, pPower), i32x4.sub(pField, normal), v128.andnot(a, magnitude));
    store<u16>(halves, i32x4.extract_lane(word, 0));
    if (feedback) {
      store<f32>(rest, f32x4.extract_lane(without(a, f32x4.sub(pSum, pPower), v128.andnot(a, magnitude)), 0));
      rest += 4;
    }
    x += 4;
    halves += 2;
  }
  return topLane(top);
}

// @ts-ignore: decorator
@inline
function half(mantissa: v128, exponent: v128, sign: v128): v128 {
  return v128.or(i32x4.add(mantissa, i32x4.shr_u(exponent, 13)), i32x4.shr_u(sign, 16));
}

/** a − value, whose sign is apart; a value of −0 is a 0. */
// @ts-ignore: decorator
@inline
export function without(a: v128, value: v128, sign: v128): v128 {
  return f32x4.sub(a, f32x4.add(v128.or(value, sign), f32x4.splat(0)));
}

export function toHalf(x: usize, halves: usize, n: i32, most: i32): i32 {
  return round(x, 0, 0, halves, n, most, false);
}

export function halfFeedback(x: usize, e: usize, rest: usize, halves: usize, n: i32, most: i32): i32 {
  return round(x, e, rest, halves, n, most, true);
}

/**
 * The f32 of the half in the upper part of each lane of 32 bits; 0 for −0. A subnormal half ±m·2⁻²⁴ is taken for a normal one
 * of exponent 2⁻¹⁵ first, t = ±(2⁻¹⁵ + m·2⁻²⁵), from which t + (t ∓ 2⁻¹⁴) is what it stands for. A normal one is not below
 * 2⁻¹⁴ in magnitude, so that there the lesser of t and ±2⁻¹⁴, whose bits are ordered as they are, adds 0.
 */
// @ts-ignore: decorator
@inline
function floats(h: v128, payload: v128, rebias: v128, smallest: v128, signBit: v128): v128 {
  const t = i32x4.add(v128.and(i32x4.shr_s(h, 3), payload), rebias);
  const least = v128.or(v128.and(h, signBit), smallest);
  return f32x4.add(t, f32x4.sub(i32x4.min_u(t, least), least));
}

/** Decodes n halves onto `out`, or with `adds` adds them times `weight`. */
// @ts-ignore: decorator
@inline
function expand(halves: usize, weight: f32, out: usize, n: i32, adds: bool): void {
  const factor = f32x4.splat(weight);
  const payload = hold(i32x4.splat(0x8fffe000), n); // sign, exponent and mantissa, three bits down
  const rebias = hold(i32x4.splat(REBIAS), n);
  const smallest = hold(i32x4.splat(NORMAL), n);
  const signBit = hold(i32x4.splat(0x80000000), n);
  const zero = i32x4.splat(0);
  for (; n >= 16; n -= 16) {
    const g = v128.load(halves);
    const h = v128.load(halves, 16);
    put(adds, factor, floats(lower(zero, g), payload, rebias, smallest, signBit), out);
    put(adds, factor, floats(upper(zero, g), payload, rebias, smallest, signBit), out + 16);
    put(adds, factor, floats(lower(zero, h), payload, rebias, smallest, signBit), out + 32);
    put(adds, factor, floats(upper(zero, h), payload, rebias, smallest, signBit), out + 48);
    halves += 32;
    out += 64;
  }
  for (; n > 0; n--) {
    const h = i32x4.splat(<i32>load<u16>(halves) << 16);
    const value = f32x4.extract_lane(floats(h, payload, rebias, smallest, signBit), 0);
    store<f32>(out, adds ? load<f32>(out) + weight * value : value);
    halves += 2;
    out += 4;
  }
}

/** Words 0 … 3, each in the upper part of 32 bits. */
// @ts-ignore: decorator
@inline
function lower(zero: v128, words: v128): v128 {
  return v128.shuffle<i16>(zero, words, 0, 8, 1, 9, 2, 10, 3, 11);
}

/** Words 4 … 7. */
// @ts-ignore: decorator
@inline
function upper(zero: v128, words: v128): v128 {
  return v128.shuffle<i16>(zero, words, 4, 12, 5, 13, 6, 14, 7, 15);
}

// @ts-ignore: decorator
@inline
function put(adds: bool, factor: v128, values: v128, out: usize): void {
  v128.store(out, adds ? f32x4.add(v128.load(out), f32x4.mul(factor, values)) : values);
}

export function fromHalf(halves: usize, out: usize, n: i32): void {
  expand(halves, 1, out, n, false);
}

export function addHalf(halves: usize, weight: f32, out: usize, n: i32): void {
  expand(halves, weight, out, n, true);
}

/** The larger of `most` and the lower 15 bits of n words of 16 bits. */
export function maxMagnitude16(words: usize, n: i32, most: i32): i32 {
  const magnitude = hold(i16x8.splat(0x7fff), n);
  let top = i16x8.splat(<i16>most);
  for (; n >= 32; n -= 32) {
    const p = i16x8.max_s(v128.and(v128.load(words), magnitude), v128.and(v128.load(words, 16), magnitude));
    const q = i16x8.max_s(v128.and(v128.load(words, 32), magnitude), v128.and(v128.load(words, 48), magnitude));
    top = i16x8.max_s(top, i16x8.max_s(p, q));
    words += 64;
  }
  for (; n > 0; n--) {
    top = i16x8.max_s(top, i16x8.splat(<i16>(load<u16>(words) & 0x7fff)));
    words += 2;
  }
  return topLane(i32x4.max_s(i32x4.extend_low_i16x8_u(top), i32x4.extend_high_i16x8_u(top)));
}
