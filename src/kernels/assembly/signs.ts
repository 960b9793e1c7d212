// One bit an entry, sixteen entries at a time.
import { TAIL, TAIL_2, TAIL_3, TAIL_BITS, padTail } from "./memory";
import { hold } from "./registers";
import { addLanes, high, low } from "./sums";

const BLOCK: i32 = 4096;

/** Four bits: lane i is ≥ 0. A comparison, for the sign bit alone would call −0 negative and NaN positive. */
// @ts-ignore: decorator
@inline
function signs(x: v128): i32 {
  return i32x4.bitmask(f32x4.ge(x, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function signs16(p: v128, q: v128, r: v128, s: v128): i32 {
  return signs(p) | (signs(q) << 4) | (signs(r) << 8) | (signs(s) << 12);
}

/** Moves the bits of the last n < 16 entries into place: one or two bytes, unused bits 0. */
function storeTailBits(bits: usize, n: i32): void {
  const word = <i32>load<u16>(TAIL_BITS) & ((1 << n) - 1);
  store<u8>(bits, word);
  if (n > 8) store<u8>(bits, word >> 8, 1);
}

export function packSigns(x: usize, bits: usize, n: i32): void {
  for (; n >= 16; n -= 16) {
    store<u16>(bits, signs16(v128.load(x), v128.load(x, 16), v128.load(x, 32), v128.load(x, 48)));
    x += 64;
    bits += 2;
  }
  if (n > 0) {
    packSigns(padTail(x, n, TAIL, 0), TAIL_BITS, 16);
    storeTailBits(bits, n);
  }
}

/** Packs n entries, of which `x` starts a block, and returns sum + Σ|x_i|. */
export function packSignsAndSum(x: usize, bits: usize, n: i32, sum: f64): f64 {
  const tail = n & 15;
  const tailBits = bits + (<usize>(n - tail) >> 3);
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
        store<u16>(bits, signs16(p, q, r, s));
        a = f64x2.add(f64x2.add(a, low(f32x4.abs(p))), low(f32x4.abs(r)));
        b = f64x2.add(f64x2.add(b, high(f32x4.abs(p))), high(f32x4.abs(r)));
        c = f64x2.add(f64x2.add(c, low(f32x4.abs(q))), low(f32x4.abs(s)));
        d = f64x2.add(f64x2.add(d, high(f32x4.abs(q))), high(f32x4.abs(s)));
        x += 64;
        bits += 2;
      }
      if (left == 0) break;
      x = padTail(x, left, TAIL, 0);
      bits = TAIL_BITS;
      left = 16;
    }
    sum += addLanes(a, b, c, d);
  }
  if (tail > 0) storeTailBits(tailBits, tail);
  return sum;
}

/** The sign bit, set in lane i where bit i of `word` (of the four in `bit`) is 0: xor with it gives ±. */
// @ts-ignore: decorator
@inline
function minus(word: v128, bit: v128): v128 {
  return i32x4.shl(i32x4.eq(v128.and(word, bit), i32x4.splat(0)), 31);
}

export function unpackSigns(bits: usize, scale: f32, out: usize, n: i32): void {
  const plus = f32x4.splat(scale);
  const b0 = hold(i32x4(1, 2, 4, 8), n);
  const b1 = hold(i32x4(16, 32, 64, 128), n);
  const b2 = hold(i32x4(256, 512, 1024, 2048), n);
  const b3 = hold(i32x4(4096, 8192, 16384, 32768), n);
  for (; n >= 16; n -= 16) {
    const word = i32x4.splat(<i32>load<u16>(bits));
    v128.store(out, v128.xor(plus, minus(word, b0)));
    v128.store(out, v128.xor(plus, minus(word, b1)), 16);
    v128.store(out, v128.xor(plus, minus(word, b2)), 32);
    v128.store(out, v128.xor(plus, minus(word, b3)), 48);
    bits += 2;
    out += 64;
  }
  for (let i = 0; i < n; i++) {
    const isSet = (load<u8>(bits + (i >> 3)) >> (<u8>i & 7)) & 1;
    store<f32>(out + (<usize>i << 2), isSet ? scale : -scale);
  }
}

export function addSigns(bits: usize, step: f32, out: usize, n: i32): void {
  const plus = f32x4.splat(step);
  const b0 = hold(i32x4(1, 2, 4, 8), n);
  const b1 = hold(i32x4(16, 32, 64, 128), n);
  const b2 = hold(i32x4(256, 512, 1024, 2048), n);
  const b3 = hold(i32x4(4096, 8192, 16384, 32768), n);
  for (; n >= 16; n -= 16) {
    const word = i32x4.splat(<i32>load<u16>(bits));
    v128.store(out, f32x4.add(v128.load(out), v128.xor(plus, minus(word, b0))));
    v128.store(out, f32x4.add(v128.load(out, 16), v128.xor(plus, minus(word, b1))), 16);
    v128.store(out, f32x4.add(v128.load(out, 32), v128.xor(plus, minus(word, b2))), 32);
    v128.store(out, f32x4.add(v128.load(out, 48), v128.xor(plus, minus(word, b3))), 48);
    bits += 2;
    out += 64;
  }
  for (let i = 0; i < n; i++) {
    const isSet = (load<u8>(bits + (i >> 3)) >> (<u8>i & 7)) & 1;
    const at = out + (<usize>i << 2);
    store<f32>(at, load<f32>(at) + (isSet ? step : -step));
  }
}

/** x + (v − s·sign(v)). */
// @ts-ignore: decorator
@inline
export function withError(x: v128, v: v128, s: v128, signBit: v128): v128 {
  const minusWhereNegative = v128.and(f32x4.lt(v, f32x4.splat(0)), signBit);
  return f32x4.add(x, f32x4.sub(v, v128.xor(s, minusWhereNegative)));
}

/** p = x + e for n entries, of which `x` starts a block; signs of p to `bits`; returns sum + Σ|p_i|. */
export function signFeedback(x: usize, v: usize, s: f32, p: usize, bits: usize, n: i32, sum: f64): f64 {
  const scale = f32x4.splat(s);
  const signBit = hold(i32x4.splat(0x80000000), n);
  const tail = n & 15;
  const tailP = p + (<usize>(n - tail) << 2);
  const tailBits = bits + (<usize>(n - tail) >> 3);
  while (n > 0) {
    let a = f64x2.splat(0);
    let b = f64x2.splat(0);
    let c = f64x2.splat(0);
    let d = f64x2.splat(0);
    let left = min(n, BLOCK);
    n -= left;
    for (;;) {
      for (; left >= 16; left -= 16) {
        const e = withError(v128.load(x), v128.load(v), scale, signBit);
        const f = withError(v128.load(x, 16), v128.load(v, 16), scale, signBit);
        const g = withError(v128.load(x, 32), v128.load(v, 32), scale, signBit);
        const h = withError(v128.load(x, 48), v128.load(v, 48), scale, signBit);
        v128.store(p, e);
        v128.store(p, f, 16);
        v128.store(p, g, 32);
        v128.store(p, h, 48);
        store<u16>(bits, signs16(e, f, g, h));
        a = f64x2.add(f64x2.add(a, low(f32x4.abs(e))), low(f32x4.abs(g)));
        b = f64x2.add(f64x2.add(b, high(f32x4.abs(e))), high(f32x4.abs(g)));
        c = f64x2.add(f64x2.add(c, low(f32x4.abs(f))), low(f32x4.abs(h)));
        d = f64x2.add(f64x2.add(d, high(f32x4.abs(f))), high(f32x4.abs(h)));
        x += 64;
        v += 64;
        p += 64;
        bits += 2;
      }
      if (left == 0) break;
      x = padTail(x, left, TAIL, s); // s + (0 − s) = 0: padding adds nothing to the sum
      v = padTail(v, left, TAIL_2, 0);
      p = TAIL_3;
      bits = TAIL_BITS;
      left = 16;
    }
    sum += addLanes(a, b, c, d);
  }
  if (tail > 0) {
    memory.copy(tailP, TAIL_3, <usize>tail << 2);
    storeTailBits(tailBits, tail);
  }
  return sum;
}
