// Random rounding: sixteen bits for each entry of a bucket, as `twin/chances.ts` has them.
import { CHANCES } from "./memory";
import { hold } from "./registers";

/** Adding it to a number below 2²² in magnitude leaves the nearest whole number, ties to even, in the mantissa. */
export const MAGIC: f32 = 12582912; // 1.5 · 2²³
export const MAGIC_BITS: i32 = 0x4b400000;

/** Bits of a step's fraction, where whole steps take `bits` bits. */
// @ts-ignore: decorator
@inline
export function fractionBits(bits: i32): i32 {
  return min(16, 22 - bits);
}

export const PAIR_M0: i32 = 0x7feb352d;
export const PAIR_M1: i32 = 0x846ca68b;
const WEYL: i32 = 0x9e3779b9;
/** What takes the place of a counter to that of the one 8 further on. */
export const NEXT: i32 = WEYL * 8;

/** The places of counters first … first + 3 in the sequence of a key. */
// @ts-ignore: decorator
@inline
export function placesOf(first: i32, k0: i32): v128 {
  return i32x4.add(i32x4.splat(first * WEYL + k0), i32x4(0, WEYL, WEYL * 2, WEYL * 3));
}

/** The `drawPair` of `base/random.ts` at four places: its lower halves for four entries, its upper halves for the next four. */
// @ts-ignore: decorator
@inline
export function pairs(places: v128, k1: v128, m0: v128, m1: v128): v128 {
  let x = v128.xor(places, k1);
  x = v128.xor(x, i32x4.shr_u(x, 16));
  x = i32x4.mul(x, m0);
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, m1);
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/** The pairs of n entries and some more, eight entries to sixteen bytes. */
export function drawChances(k0: i32, k1: i32, first: i32, n: i32): void {
  const key1 = i32x4.splat(k1);
  const m0 = hold(i32x4.splat(PAIR_M0), n);
  const m1 = hold(i32x4.splat(PAIR_M1), n);
  const next = hold(i32x4.splat(NEXT), n);
  let i = placesOf(first, k0);
  for (let at = CHANCES; n > 0; n -= 16) {
    const j = i32x4.add(i, next);
    v128.store(at, pairs(i, key1, m0, m1));
    v128.store(at, pairs(j, key1, m0, m1), 16);
    i = i32x4.add(j, next);
    at += 32;
  }
}
