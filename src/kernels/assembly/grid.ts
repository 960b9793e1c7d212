// Uniform grids, bucket by bucket; the steps are those of `twin/grid.ts`. `x` starts a bucket wherever n entries are
// taken. A bucket is looked at, which brings it into the cache, then its grid is fitted, then it is rounded.
import { drawChances, fractionBits, MAGIC, MAGIC_BITS } from "./chances";
import { loadCodes, storeCodes, storedBytes, storeLastCodes } from "./codes";
import {
  addAndLookAtMagnitudes, addAndLookAtRange, least, lookAtMagnitudes, lookAtRange, magnitudeBits, most,
} from "./extent";
import { CHANCES, CODES, TAIL } from "./memory";
import { hold } from "./registers";

/** Random codes are moved down by so many bits, a constant, before they are packed: the fraction bits of the widest code. */
const DOWN: i32 = 14;
const INFINITY_BITS: i32 = 0x7f800000;
const LARGEST: f64 = 3.4028234663852886e38;
const NORMAL: f64 = 1.1754943508222875e-38; // 2⁻¹²⁶
const SMALLEST: f64 = 1.401298464324817e-45; // 2⁻¹⁴⁹

/** Draws are made this many at a time: they stay in the first-level cache, and rounding keeps its registers. */
const CHANCES_MOST: i32 = 1024;

// Its grid.
let step: f32 = 0;
let low: f32 = 0;
let scale: f32 = 1;
let inverse: f32 = 0;
let wide: bool = false;

export function toGrid(
  x: usize, n: i32, bits: i32, bucket: i32, symmetric: bool, random: bool, k0: i32, k1: i32, first: i32, out: usize,
): bool {
  for (; n > 0; n -= bucket) {
    const m = min(n, bucket);
    if (symmetric) lookAtMagnitudes(x, m);
    else lookAtRange(x, m);
    if (!fit(bits, symmetric, random)) return false;
    out = storeHeader(out, symmetric);
    const end = out + <usize>((m * bits + 7) >> 3);
    if (random) roundAtRandom(x, m, bits, symmetric, k0, k1, first, out, end);
    else roundToNearest(x, m, bits, symmetric, out, end);
    x += <usize>m << 2;
    first += m;
    out = end;
  }
  return true;
}

export function gridFeedback(
  x: usize, v: usize, p: usize, n: i32, bits: i32, bucket: i32, symmetric: bool, random: bool,
  k0: i32, k1: i32, first: i32, out: usize,
): bool {
  for (; n > 0; n -= bucket) {
    const m = min(n, bucket);
    if (symmetric) addAndLookAtMagnitudes(x, v, p, m);
    else addAndLookAtRange(x, v, p, m);
    if (!fit(bits, symmetric, random)) return false;
    out = storeHeader(out, symmetric);
    const end = out + <usize>((m * bits + 7) >> 3);
    if (random) roundAtRandomWithFeedback(p, m, bits, symmetric, k0, k1, first, out, end);
    else roundToNearestWithFeedback(p, m, bits, symmetric, out, end);
    x += <usize>m << 2;
    v += <usize>m << 2;
    p += <usize>m << 2;
    first += m;
    out = end;
  }
  return true;
}

// ---- the grid

// @ts-ignore: decorator
@inline
function levelsOf(bits: i32, symmetric: bool): i32 {
  return (1 << (symmetric ? bits - 1 : bits)) - 1;
}

// @ts-ignore: decorator
@inline
function isWide(levels: f64): bool {
  return !(levels * <f64>step + abs<f64>(low) <= 1.7014118346046923e38); // 2¹²⁷
}

/** False if an entry is not finite, or the step. */
function fit(bits: i32, symmetric: bool, random: bool): bool {
  if (magnitudeBits >= INFINITY_BITS) return false;
  step = 0;
  low = 0;
  scale = 1;
  inverse = 0;
  wide = false;
  const magnitude = reinterpret<f32>(magnitudeBits);
  if (magnitude == 0) return true;
  if (magnitude < 5.421010862427522e-20) scale = 18446744073709551616.0; // 2⁻⁶⁴, 2⁶⁴
  else if (magnitude > 18446744073709551616.0) scale = 5.421010862427522e-20;
  if (!symmetric && least != 0) low = least;
  const range: f32 = symmetric ? magnitude * scale : most * scale - low * scale;
  const levels = <f64>levelsOf(bits, symmetric);
  const fine: f64 = random ? <f64>(1 << fractionBits(bits)) : 1.0;
  const exact = <f64>range / levels / <f64>scale;
  if (exact >= NORMAL) {
    step = <f32>exact;
    inverse = <f32>((levels * fine) / <f64>range);
  } else {
    step = <f32>(ceil<f64>(exact / SMALLEST) * SMALLEST);
    if (range != 0) inverse = <f32>(fine / (<f64>step * <f64>scale));
  }
  wide = isWide(levels);
  return <f64>step <= LARGEST;
}

function storeHeader(out: usize, symmetric: bool): usize {
  store<f32>(out, step);
  if (symmetric) return out + 4;
  store<f32>(out, low, 4);
  return out + 8;
}

/** The value of a code; see `values` of the twin. */
function valueOf(code: i32, zero: i32): f32 {
  const steps = <f32>(code - zero);
  if (!wide) return steps * step + low;
  return <f32>max<f64>(-LARGEST, min<f64>(LARGEST, <f64>low + <f64>steps * <f64>step));
}

// ---- rounding

function roundToNearest(x: usize, n: i32, bits: i32, symmetric: bool, out: usize, end: usize): void {
  round(false, false, x, n, bits, symmetric, 0, 0, 0, out, end);
}

function roundToNearestWithFeedback(p: usize, n: i32, bits: i32, symmetric: bool, out: usize, end: usize): void {
  round(true, false, p, n, bits, symmetric, 0, 0, 0, out, end);
}

function roundAtRandom(
  x: usize, n: i32, bits: i32, symmetric: bool, k0: i32, k1: i32, first: i32, out: usize, end: usize,
): void {
  round(false, true, x, n, bits, symmetric, k0, k1, first, out, end);
}

function roundAtRandomWithFeedback(
  p: usize, n: i32, bits: i32, symmetric: bool, k0: i32, k1: i32, first: i32, out: usize, end: usize,
): void {
  round(true, true, p, n, bits, symmetric, k0, k1, first, out, end);
}

// @ts-ignore: decorator
@inline
function round(
  feedback: bool, random: bool, x: usize, n: i32, bits: i32, symmetric: bool, k0: i32, k1: i32, first: i32,
  out: usize, end: usize,
): void {
  const zero = symmetric ? levelsOf(bits, true) : 0;
  const fraction = random ? fractionBits(bits) : 0;
  const up = random ? fraction - DOWN : 0; // codes stand so many bits up in their bytes
  const lowest = f32x4.splat(low * scale);
  const times = f32x4.splat(inverse);
  const centre = random ? zero << fraction : 0;
  const magic = hold(f32x4.splat(MAGIC + <f32>centre), n);
  const bias = hold(i32x4.splat(zero - MAGIC_BITS), n);
  const below = hold(i32x4.splat((1 << fraction) - 1), n);
  const top = hold(i32x4.splat(((1 << bits) - 1) << up), n);
  const zeroUp = hold(i32x4.splat(zero << up), n);
  const stepUp = f32x4.splat(step / <f32>(1 << up));
  const base = f32x4.splat(low);
  const room = <usize>storedBytes(bits);
  while (n > 0) {
    let left = n;
    if (random) {
      left = min(n, CHANCES_MOST);
      drawChances(k0, k1, first, left);
      first += left;
    }
    n -= left;
    let chances = CHANCES;
    if (scale == 1) {
      for (; left >= 16 && out + room <= end; left -= 16) {
        const a = v128.load(x);
        const b = v128.load(x, 16);
        const c = v128.load(x, 32);
        const d = v128.load(x, 48);
        const p = codes4(random, a, lowest, times, magic, bias, lowChances(random, chances, below), top);
        const q = codes4(random, b, lowest, times, magic, bias, highChances(random, chances, below), top);
        const r = codes4(random, c, lowest, times, magic, bias, lowChances(random, chances + 16, below), top);
        const s = codes4(random, d, lowest, times, magic, bias, highChances(random, chances + 16, below), top);
        if (feedback) {
          v128.store(x, rest(a, p, zeroUp, stepUp, base));
          v128.store(x, rest(b, q, zeroUp, stepUp, base), 16);
          v128.store(x, rest(c, r, zeroUp, stepUp, base), 32);
          v128.store(x, rest(d, s, zeroUp, stepUp, base), 48);
        }
        storeCodes(bytesOf(p, q, r, s), up, bits, out);
        x += 64;
        chances += 32;
        out += <usize>bits << 1;
      }
    }
    // Entries at the end of a bucket, and all entries of one that must be scaled.
    for (; left > 0; left -= 16) {
      const m = min(left, 16);
      for (let j = 0; j < m; j++) {
        const at = <usize>j << 2;
        store<f32>(TAIL + at, load<f32>(x + at) * scale);
      }
      const p = codes4(random, v128.load(TAIL), lowest, times, magic, bias, lowChances(random, chances, below), top);
      const q = codes4(random, v128.load(TAIL, 16), lowest, times, magic, bias, highChances(random, chances, below), top);
      const r = codes4(random, v128.load(TAIL, 32), lowest, times, magic, bias, lowChances(random, chances + 16, below), top);
      const s = codes4(random, v128.load(TAIL, 48), lowest, times, magic, bias, highChances(random, chances + 16, below), top);
      v128.store(CODES, i16x8.shr_u(bytesOf(p, q, r, s), up));
      for (let j = m; j < 16; j++) store<u8>(CODES + j, 0);
      storeLastCodes(v128.load(CODES), bits, out, end);
      if (feedback) {
        for (let j = 0; j < m; j++) {
          const at = x + (<usize>j << 2);
          store<f32>(at, load<f32>(at) - valueOf(<i32>load<u8>(CODES + j), zero));
        }
      }
      x += 64;
      chances += 32;
      out += <usize>bits << 1;
    }
  }
}

// @ts-ignore: decorator
@inline
function lowChances(random: bool, chances: usize, below: v128): v128 {
  return random ? v128.and(v128.load(chances), below) : below;
}

// @ts-ignore: decorator
@inline
function highChances(random: bool, chances: usize, below: v128): v128 {
  return random ? v128.and(i32x4.shr_u(v128.load(chances), 16), below) : below;
}

/** Codes of four entries in lanes of 32 bits. */
// @ts-ignore: decorator
@inline
function codes4(
  random: bool, x: v128, lowest: v128, times: v128, magic: v128, bias: v128, chances: v128, top: v128,
): v128 {
  const place = f32x4.add(f32x4.mul(f32x4.sub(x, lowest), times), magic); // its mantissa ends with the whole number
  if (!random) return i32x4.add(place, bias);
  return v128.and(i32x4.shr_u(i32x4.add(place, chances), DOWN), top);
}

/** Entries less the values of their codes. */
// @ts-ignore: decorator
@inline
function rest(x: v128, codes: v128, zero: v128, step: v128, base: v128): v128 {
  return f32x4.sub(x, f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(codes, zero)), step), base));
}

// @ts-ignore: decorator
@inline
function bytesOf(p: v128, q: v128, r: v128, s: v128): v128 {
  return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(p, q), i16x8.narrow_i32x4_s(r, s));
}

// ---- back to values

export function fromGrid(from: usize, bits: i32, bucket: i32, symmetric: bool, out: usize, n: i32): void {
  for (; n > 0; n -= bucket) {
    const m = min(n, bucket);
    from = loadHeader(from, bits, symmetric);
    const end = from + <usize>((m * bits + 7) >> 3);
    put(from, end, bits, symmetric, out, m);
    from = end;
    out += <usize>m << 2;
  }
}

export function addGrid(
  from: usize, bits: i32, bucket: i32, symmetric: bool, weight: f32, out: usize, n: i32,
): void {
  for (; n > 0; n -= bucket) {
    const m = min(n, bucket);
    from = loadHeader(from, bits, symmetric);
    const end = from + <usize>((m * bits + 7) >> 3);
    addTo(from, end, bits, symmetric, weight, out, m);
    from = end;
    out += <usize>m << 2;
  }
}

function loadHeader(from: usize, bits: i32, symmetric: bool): usize {
  step = load<f32>(from);
  low = symmetric ? 0 : load<f32>(from, 4);
  wide = isWide(<f64>levelsOf(bits, symmetric));
  return from + (symmetric ? 4 : 8);
}

function put(from: usize, end: usize, bits: i32, symmetric: bool, out: usize, n: i32): void {
  spread(false, from, end, bits, symmetric, 1, out, n);
}

function addTo(from: usize, end: usize, bits: i32, symmetric: bool, weight: f32, out: usize, n: i32): void {
  spread(true, from, end, bits, symmetric, weight, out, n);
}

// @ts-ignore: decorator
@inline
function spread(
  add: bool, from: usize, end: usize, bits: i32, symmetric: bool, weight: f32, out: usize, n: i32,
): void {
  const zero = symmetric ? levelsOf(bits, true) : 0;
  const zeros = i16x8.splat(<i16>zero);
  const steps = f32x4.splat(step);
  const base = f32x4.splat(low);
  const factor = f32x4.splat(weight);
  if (!wide) {
    for (; n >= 16; n -= 16) {
      const codes = loadCodes(bits, from, end);
      const a = i16x8.sub(i16x8.extend_low_i8x16_u(codes), zeros);
      const b = i16x8.sub(i16x8.extend_high_i8x16_u(codes), zeros);
      place4(add, i32x4.extend_low_i16x8_s(a), steps, base, factor, out);
      place4(add, i32x4.extend_high_i16x8_s(a), steps, base, factor, out + 16);
      place4(add, i32x4.extend_low_i16x8_s(b), steps, base, factor, out + 32);
      place4(add, i32x4.extend_high_i16x8_s(b), steps, base, factor, out + 48);
      from += <usize>bits << 1;
      out += 64;
    }
  }
  for (; n > 0; n -= 16) {
    v128.store(CODES, loadCodes(bits, from, end));
    const m = min(n, 16);
    for (let j = 0; j < m; j++) {
      const at = out + (<usize>j << 2);
      const value = valueOf(<i32>load<u8>(CODES + j), zero);
      store<f32>(at, add ? load<f32>(at) + weight * value : value);
    }
    from += <usize>bits << 1;
    out += 64;
  }
}

// @ts-ignore: decorator
@inline
function place4(add: bool, counts: v128, step: v128, base: v128, factor: v128, out: usize): void {
  const values = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(counts), step), base);
  v128.store(out, add ? f32x4.add(v128.load(out), f32x4.mul(factor, values)) : values);
}
