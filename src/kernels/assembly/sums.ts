// Sums by the law of sums: the eight lanes of a block are four f64x2, and each round of the loop adds sixteen entries.
// The last entries are padded with zeros, which leave every lane as it is, for lanes hold no −0. Padding stands outside
// the inner loop, so that no call makes it spill its registers.
import { TAIL, padTail } from "./memory";
import { hold } from "./registers";

const BLOCK: i32 = 4096;

// @ts-ignore: decorator
@inline
export function low(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

// @ts-ignore: decorator
@inline
export function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<u64>(x, x, 1, 1));
}

/** ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)) of the lanes in a … d. */
// @ts-ignore: decorator
@inline
export function addLanes(a: v128, b: v128, c: v128, d: v128): f64 {
  return both(a) + both(b) + (both(c) + both(d));
}

// @ts-ignore: decorator
@inline
function both(a: v128): f64 {
  return f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
}

/** sum + Σ|x_i| over n entries, of which `x` starts a block. */
export function sumMagnitudes(x: usize, n: i32, sum: f64): f64 {
  while (n > 0) {
    let a = f64x2.splat(0);
    let b = f64x2.splat(0);
    let c = f64x2.splat(0);
    let d = f64x2.splat(0);
    let left = min(n, BLOCK);
    n -= left;
    for (;;) {
      for (; left >= 16; left -= 16) {
        const p = f32x4.abs(v128.load(x));
        const q = f32x4.abs(v128.load(x, 16));
        const r = f32x4.abs(v128.load(x, 32));
        const s = f32x4.abs(v128.load(x, 48));
        a = f64x2.add(f64x2.add(a, low(p)), low(r));
        b = f64x2.add(f64x2.add(b, high(p)), high(r));
        c = f64x2.add(f64x2.add(c, low(q)), low(s));
        d = f64x2.add(f64x2.add(d, high(q)), high(s));
        x += 64;
      }
      if (left == 0) break;
      x = padTail(x, left, TAIL, 0);
      left = 16;
    }
    sum += addLanes(a, b, c, d);
  }
  return sum;
}

/** sum + Σ x_i² over n entries, of which `x` starts a block. */
export function sumSquares(x: usize, n: i32, sum: f64): f64 {
  while (n > 0) {
    let a = f64x2.splat(0);
    let b = f64x2.splat(0);
    let c = f64x2.splat(0);
    let d = f64x2.splat(0);
    let left = min(n, BLOCK);
    n -= left;
    for (;;) {
      for (; left >= 16; left -= 16) {
        const p = v128.load(x);
        const q = v128.load(x, 16);
        const r = v128.load(x, 32);
        const s = v128.load(x, 48);
        a = f64x2.add(f64x2.add(a, square(low(p))), square(low(r)));
        b = f64x2.add(f64x2.add(b, square(high(p))), square(high(r)));
        c = f64x2.add(f64x2.add(c, square(low(q))), square(low(s)));
        d = f64x2.add(f64x2.add(d, square(high(q))), square(high(s)));
        x += 64;
      }
      if (left == 0) break;
      x = padTail(x, left, TAIL, 0);
      left = 16;
    }
    sum += addLanes(a, b, c, d);
  }
  return sum;
}

// @ts-ignore: decorator
@inline
function square(x: v128): v128 {
  return f64x2.mul(x, x);
}

/** The larger of `most` and the magnitude bits of every entry: magnitudes are ordered as their bits are. */
export function maxBits(x: usize, n: i32, most: i32): i32 {
  const magnitude = hold(i32x4.splat(0x7fffffff), n);
  let a = i32x4.splat(most);
  let b = a;
  for (;;) {
    for (; n >= 16; n -= 16) {
      a = i32x4.max_s(a, v128.and(v128.load(x), magnitude));
      b = i32x4.max_s(b, v128.and(v128.load(x, 16), magnitude));
      a = i32x4.max_s(a, v128.and(v128.load(x, 32), magnitude));
      b = i32x4.max_s(b, v128.and(v128.load(x, 48), magnitude));
      x += 64;
    }
    if (n == 0) break;
    x = padTail(x, n, TAIL, 0);
    n = 16;
  }
  return topLane(i32x4.max_s(a, b));
}

/** The largest of four signed words. */
// @ts-ignore: decorator
@inline
export function topLane(a: v128): i32 {
  return max(
    max(i32x4.extract_lane(a, 0), i32x4.extract_lane(a, 1)),
    max(i32x4.extract_lane(a, 2), i32x4.extract_lane(a, 3)),
  );
}
