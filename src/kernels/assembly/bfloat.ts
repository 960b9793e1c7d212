// f32 to bfloat16 and back, on the bits; the steps are those of `twin/bfloat.ts`.
import { M0, M1, M2, mix } from "./draws";
import { without } from "./half";
import { hold } from "./registers";
import { topLane } from "./sums";

const LARGEST: i32 = 0x7f7f0000; // of bfloat16, as f32 bits

/**
 * Rounds n entries, of which the first has number `first`, with `feedback` x + e, and returns the larger of `most` and
 * their magnitude bits.
 */
// @ts-ignore: decorator
@inline
function round(
  x: usize, e: usize, k0: i32, k1: i32, first: i32, rest: usize, words: usize, n: i32, most: i32, random: bool, feedback: bool,
): i32 {
  const magnitude = hold(i32x4.splat(0x7fffffff), n);
  const largest = hold(i32x4.splat(LARGEST), n);
  const upper = hold(i32x4.splat(0xffff0000), n);
  const key0 = i32x4.splat(k0);
  const key1 = i32x4.splat(k1);
  const m0 = hold(i32x4.splat(M0), n);
  const m1 = hold(i32x4.splat(M1), n);
  const m2 = hold(i32x4.splat(M2), n);
  const four = hold(i32x4.splat(4), n);
  const one = hold(i32x4.splat(1), n);
  const below = hold(i32x4.splat(0x7fff), n);
  let i = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  let top = i32x4.splat(most);
  for (; n >= 8; n -= 8) {
    let a = v128.load(x);
    let b = v128.load(x, 16);
    if (feedback) {
      a = f32x4.add(a, v128.load(e));
      b = f32x4.add(b, v128.load(e, 16));
      e += 32;
    }
    let p = v128.and(a, magnitude);
    let q = v128.and(b, magnitude);
    top = i32x4.max_s(i32x4.max_s(top, p), q);
    p = i32x4.min_s(p, largest);
    q = i32x4.min_s(q, largest);
    if (random) {
      const j = i32x4.add(i, four);
      p = i32x4.add(p, i32x4.shr_u(mix(i, key0, key1, m0, m1, m2), 16));
      q = i32x4.add(q, i32x4.shr_u(mix(j, key0, key1, m0, m1, m2), 16));
      i = i32x4.add(j, four);
    } else {
      p = i32x4.add(p, toEven(p, below, one));
      q = i32x4.add(q, toEven(q, below, one));
    }
    const aSign = v128.andnot(a, magnitude);
    const bSign = v128.andnot(b, magnitude);
    v128.store(
      words,
      i16x8.narrow_i32x4_u(i32x4.shr_u(v128.or(p, aSign), 16), i32x4.shr_u(v128.or(q, bSign), 16)),
    );
    if (feedback) {
      v128.store(rest, without(a, v128.and(p, upper), aSign));
      v128.store(rest, without(b, v128.and(q, upper), bSign), 16);
      rest += 32;
    }
    x += 32;
    words += 16;
  }
  for (; n > 0; n--) {
    let a = v128.load32_zero(x);
    if (feedback) {
      a = f32x4.add(a, v128.load32_zero(e));
      e += 4;
    }
    let p = v128.and(a, magnitude);
    top = i32x4.max_s(top, p);
    p = i32x4.min_s(p, largest);
    p = i32x4.add(p, random ? i32x4.shr_u(mix(i, key0, key1, m0, m1, m2), 16) : toEven(p, below, one));
    i = i32x4.add(i, one);
    const aSign = v128.andnot(a, magnitude);
    store<u16>(words, i32x4.extract_lane(v128.or(p, aSign), 0) >>> 16);
    if (feedback) {
      store<f32>(rest, f32x4.extract_lane(without(a, v128.and(p, upper), aSign), 0));
      rest += 4;
    }
    x += 4;
    words += 2;
  }
  return topLane(top);
}

/** What is added to magnitude bits so that cutting sixteen off rounds to nearest even. */
// @ts-ignore: decorator
@inline
function toEven(m: v128, below: v128, one: v128): v128 {
  return i32x4.add(below, v128.and(i32x4.shr_u(m, 16), one));
}

export function toBfloat(x: usize, words: usize, n: i32, most: i32): i32 {
  return round(x, 0, 0, 0, 0, 0, words, n, most, false, false);
}

export function toBfloatAtRandom(x: usize, k0: i32, k1: i32, first: i32, words: usize, n: i32, most: i32): i32 {
  return round(x, 0, k0, k1, first, 0, words, n, most, true, false);
}

export function bfloatFeedback(x: usize, e: usize, rest: usize, words: usize, n: i32, most: i32): i32 {
  return round(x, e, 0, 0, 0, rest, words, n, most, false, true);
}

export function bfloatFeedbackAtRandom(
  x: usize, e: usize, k0: i32, k1: i32, first: i32, rest: usize, words: usize, n: i32, most: i32,
): i32 {
  return round(x, e, k0, k1, first, rest, words, n, most, true, true);
}

/** Decodes n words onto `out`, or with `adds` adds them times `weight`. Adding 0 makes −0 a +0. */
// @ts-ignore: decorator
@inline
function expand(words: usize, weight: f32, out: usize, n: i32, adds: bool): void {
  const factor = f32x4.splat(weight);
  const zero = f32x4.splat(0);
  for (; n >= 8; n -= 8) {
    const w = v128.load(words);
    let a = f32x4.add(i32x4.shl(i32x4.extend_low_i16x8_u(w), 16), zero);
    let b = f32x4.add(i32x4.shl(i32x4.extend_high_i16x8_u(w), 16), zero);
    if (adds) {
      a = f32x4.add(v128.load(out), f32x4.mul(factor, a));
      b = f32x4.add(v128.load(out, 16), f32x4.mul(factor, b));
    }
    v128.store(out, a);
    v128.store(out, b, 16);
    words += 16;
    out += 32;
  }
  for (; n > 0; n--) {
    const value = reinterpret<f32>(<i32>load<u16>(words) << 16) + 0;
    store<f32>(out, adds ? load<f32>(out) + weight * value : value);
    words += 2;
    out += 4;
  }
}

export function fromBfloat(words: usize, out: usize, n: i32): void {
  expand(words, 1, out, n, false);
}

export function addBfloat(words: usize, weight: f32, out: usize, n: i32): void {
  expand(words, weight, out, n, true);
}
