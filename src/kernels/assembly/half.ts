// f32 to IEEE half and back, on the bits; the steps are those of `twin/half.ts`.

import { hold } from "./registers";

const LARGEST: i32 = 0x477fe000; // 65504 as f32 bits
const NORMAL: i32 = 0x38800000; // 2⁻¹⁴, the smallest normal half, as f32 bits
const REBIAS: i32 = 0x38000000; // 112 in the exponent field

/** Four halves, one in each lane of 32 bits. */
// @ts-ignore: decorator
@inline
function halves(
  x: v128, magnitude: v128, largest: v128, one: v128, round: v128, half: v128, normal: v128,
): v128 {
  const m = i32x4.min_s(v128.and(x, magnitude), largest);
  const odd = v128.and(i32x4.shr_u(m, 13), one);
  const rounded = i32x4.shr_u(i32x4.add(i32x4.add(m, round), odd), 13);
  const subnormal = i32x4.sub(f32x4.add(m, half), half);
  const sign = i32x4.shl(i32x4.shr_u(x, 31), 15);
  return v128.or(v128.bitselect(rounded, subnormal, i32x4.ge_s(m, normal)), sign);
}

export function toHalf(x: usize, out: usize, n: i32): void {
  const magnitude = hold(i32x4.splat(0x7fffffff), n);
  const largest = hold(i32x4.splat(LARGEST), n);
  const one = hold(i32x4.splat(1), n);
  const round = hold(i32x4.splat(0xfff - REBIAS), n);
  const half = hold(f32x4.splat(0.5), n);
  const normal = hold(i32x4.splat(NORMAL), n);
  for (; n >= 8; n -= 8) {
    const a = halves(v128.load(x), magnitude, largest, one, round, half, normal);
    const b = halves(v128.load(x, 16), magnitude, largest, one, round, half, normal);
    v128.store(out, i16x8.narrow_i32x4_u(a, b));
    x += 32;
    out += 16;
  }
  for (; n > 0; n--) {
    const a = halves(v128.load32_zero(x), magnitude, largest, one, round, half, normal);
    store<u16>(out, i32x4.extract_lane(a, 0));
    x += 4;
    out += 2;
  }
}

/** The f32 of the half in each lane of 32 bits. */
// @ts-ignore: decorator
@inline
function floats(h: v128, magnitude: v128, rebias: v128, infinite: v128, normal: v128, step: v128): v128 {
  const m = v128.and(h, magnitude);
  const special = v128.and(i32x4.gt_s(m, infinite), rebias); // infinity and NaN
  const shifted = i32x4.add(i32x4.add(i32x4.shl(m, 13), rebias), special);
  const subnormal = f32x4.mul(f32x4.convert_i32x4_s(m), step);
  const sign = i32x4.shl(i32x4.shr_u(h, 15), 31);
  return v128.or(v128.bitselect(shifted, subnormal, i32x4.gt_s(m, normal)), sign);
}

export function fromHalf(bits: usize, out: usize, n: i32): void {
  const magnitude = hold(i32x4.splat(0x7fff), n);
  const rebias = hold(i32x4.splat(REBIAS), n);
  const infinite = hold(i32x4.splat(0x7bff), n);
  const normal = hold(i32x4.splat(0x03ff), n);
  const step = hold(f32x4.splat(5.9604644775390625e-8), n); // 2⁻²⁴; the product is exact
  for (; n >= 8; n -= 8) {
    const h = v128.load(bits);
    v128.store(out, floats(i32x4.extend_low_i16x8_u(h), magnitude, rebias, infinite, normal, step));
    v128.store(out, floats(i32x4.extend_high_i16x8_u(h), magnitude, rebias, infinite, normal, step), 16);
    bits += 16;
    out += 32;
  }
  for (; n > 0; n--) {
    const h = i32x4.splat(<i32>load<u16>(bits));
    store<i32>(out, i32x4.extract_lane(floats(h, magnitude, rebias, infinite, normal, step), 0));
    bits += 2;
    out += 4;
  }
}
