// How far the entries of a bucket reach, and p = x + v on the way. One look leaves its findings in the variables here.
import { hold } from "./registers";

/** Of finite entries, after a look at their range. */
export let least: f32 = 0;
export let most: f32 = 0;
/** The largest of the magnitude bits, which shows NaN and infinity. */
export let magnitudeBits: i32 = 0;

// @ts-ignore: decorator
@inline
function lookMagnitudes(feedback: bool, x: usize, v: usize, p: usize, n: i32): void {
  const mask = hold(i32x4.splat(0x7fffffff), n);
  let a = i32x4.splat(0);
  let b = a;
  for (; n >= 16; n -= 16) {
    let q = v128.load(x);
    let r = v128.load(x, 16);
    let s = v128.load(x, 32);
    let t = v128.load(x, 48);
    if (feedback) {
      q = f32x4.add(q, v128.load(v));
      r = f32x4.add(r, v128.load(v, 16));
      s = f32x4.add(s, v128.load(v, 32));
      t = f32x4.add(t, v128.load(v, 48));
      v128.store(p, q);
      v128.store(p, r, 16);
      v128.store(p, s, 32);
      v128.store(p, t, 48);
      v += 64;
      p += 64;
    }
    a = i32x4.max_s(a, v128.and(q, mask));
    b = i32x4.max_s(b, v128.and(r, mask));
    a = i32x4.max_s(a, v128.and(s, mask));
    b = i32x4.max_s(b, v128.and(t, mask));
    x += 64;
  }
  let top = largest(i32x4.max_s(a, b));
  for (; n > 0; n--) {
    let q = load<f32>(x);
    if (feedback) {
      q += load<f32>(v);
      store<f32>(p, q);
      v += 4;
      p += 4;
    }
    top = max(top, reinterpret<i32>(q) & 0x7fffffff);
    x += 4;
  }
  magnitudeBits = top;
}

// @ts-ignore: decorator
@inline
function lookRange(feedback: bool, x: usize, v: usize, p: usize, n: i32): void {
  const mask = hold(i32x4.splat(0x7fffffff), n);
  let start = load<f32>(x);
  if (feedback) start += load<f32>(v);
  let a = i32x4.splat(0);
  let b = a;
  let lo = f32x4.splat(start);
  let lo2 = lo;
  let hi = lo;
  let hi2 = lo;
  for (; n >= 8; n -= 8) {
    let q = v128.load(x);
    let r = v128.load(x, 16);
    if (feedback) {
      q = f32x4.add(q, v128.load(v));
      r = f32x4.add(r, v128.load(v, 16));
      v128.store(p, q);
      v128.store(p, r, 16);
      v += 32;
      p += 32;
    }
    lo = f32x4.pmin(lo, q);
    hi = f32x4.pmax(hi, q);
    a = i32x4.max_s(a, v128.and(q, mask));
    lo2 = f32x4.pmin(lo2, r);
    hi2 = f32x4.pmax(hi2, r);
    b = i32x4.max_s(b, v128.and(r, mask));
    x += 32;
  }
  let top = largest(i32x4.max_s(a, b));
  lo = f32x4.pmin(lo, lo2);
  hi = f32x4.pmax(hi, hi2);
  let bottom = leastOf(lo);
  let peak = -leastOf(f32x4.neg(hi));
  for (; n > 0; n--) {
    let q = load<f32>(x);
    if (feedback) {
      q += load<f32>(v);
      store<f32>(p, q);
      v += 4;
      p += 4;
    }
    bottom = lesser(bottom, q);
    peak = -lesser(-peak, -q);
    top = max(top, reinterpret<i32>(q) & 0x7fffffff);
    x += 4;
  }
  least = bottom;
  most = peak;
  magnitudeBits = top;
}

// @ts-ignore: decorator
@inline
function leastOf(x: v128): f32 {
  return lesser(
    lesser(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    lesser(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

// @ts-ignore: decorator
@inline
function lesser(a: f32, b: f32): f32 {
  return b < a ? b : a;
}

// @ts-ignore: decorator
@inline
function largest(a: v128): i32 {
  return max(
    max(i32x4.extract_lane(a, 0), i32x4.extract_lane(a, 1)),
    max(i32x4.extract_lane(a, 2), i32x4.extract_lane(a, 3)),
  );
}

export function lookAtMagnitudes(x: usize, n: i32): void {
  lookMagnitudes(false, x, 0, 0, n);
}

export function addAndLookAtMagnitudes(x: usize, v: usize, p: usize, n: i32): void {
  lookMagnitudes(true, x, v, p, n);
}

export function lookAtRange(x: usize, n: i32): void {
  lookRange(false, x, 0, 0, n);
}

export function addAndLookAtRange(x: usize, v: usize, p: usize, n: i32): void {
  lookRange(true, x, v, p, n);
}
