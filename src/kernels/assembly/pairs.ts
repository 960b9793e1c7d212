// Two values by one bit an entry, sixteen entries at a time, and the sums on either side of 0, eight at a time.
import { TAIL, TAIL_BITS, padTail } from "./memory";
import { hold } from "./registers";
import { addLanes, high, low } from "./sums";

const BLOCK: i32 = 4096;

let plus: f64 = 0;
let minus: f64 = 0;
let count: i32 = 0;

/** Begins the sums of a vector. */
export function openSides(): void {
  plus = 0;
  minus = 0;
  count = 0;
}

export function plusSide(): f64 {
  return plus;
}

export function minusSide(): f64 {
  return minus;
}

/** How many entries were ≥ 0. */
export function plusCount(): i32 {
  return count;
}

/** Signs of n entries, of which `x` starts a block; adds them to the sums of their sides. */
export function packSides(x: usize, bits: usize, n: i32): void {
  const none = hold(f32x4.splat(0), n);
  const tail = n & 7;
  const tailBits = bits + (<usize>(n - tail) >> 3);
  let ones = 0;
  while (n > 0) {
    let a = f64x2.splat(0);
    let b = f64x2.splat(0);
    let c = f64x2.splat(0);
    let d = f64x2.splat(0);
    let e = f64x2.splat(0);
    let f = f64x2.splat(0);
    let g = f64x2.splat(0);
    let h = f64x2.splat(0);
    let left = min(n, BLOCK);
    n -= left;
    for (;;) {
      for (; left >= 8; left -= 8) {
        const p = v128.load(x);
        const q = v128.load(x, 16);
        const byte = i32x4.bitmask(f32x4.ge(p, none)) | (i32x4.bitmask(f32x4.ge(q, none)) << 4);
        store<u8>(bits, byte);
        ones += popcnt(byte);
        const r = f32x4.max(p, none);
        const s = f32x4.max(q, none);
        a = f64x2.add(a, low(r));
        b = f64x2.add(b, high(r));
        c = f64x2.add(c, low(s));
        d = f64x2.add(d, high(s));
        const t = f32x4.max(f32x4.neg(p), none);
        const u = f32x4.max(f32x4.neg(q), none);
        e = f64x2.add(e, low(t));
        f = f64x2.add(f, high(t));
        g = f64x2.add(g, low(u));
        h = f64x2.add(h, high(u));
        x += 32;
        bits += 1;
      }
      if (left == 0) break;
      ones -= 8 - left; // a padding of zeros counts as ≥ 0
      x = padTail(x, left, TAIL, 0);
      bits = TAIL_BITS;
      left = 8;
    }
    plus += addLanes(a, b, c, d);
    minus += addLanes(e, f, g, h);
  }
  if (tail > 0) store<u8>(tailBits, <i32>load<u8>(TAIL_BITS) & ((1 << tail) - 1));
  count += ones;
}

/** `one` in the lanes whose bit of `word` (of the four in `bit`) is 1, else `zero`. */
// @ts-ignore: decorator
@inline
function choose(word: v128, bit: v128, zero: v128, one: v128): v128 {
  return v128.bitselect(one, zero, i32x4.eq(v128.and(word, bit), bit));
}

export function unpackPair(bits: usize, zero: f32, one: f32, out: usize, n: i32): void {
  const zeros = f32x4.splat(zero);
  const ones = f32x4.splat(one);
  const b0 = hold(i32x4(1, 2, 4, 8), n);
  const b1 = hold(i32x4(16, 32, 64, 128), n);
  const b2 = hold(i32x4(256, 512, 1024, 2048), n);
  const b3 = hold(i32x4(4096, 8192, 16384, 32768), n);
  for (; n >= 16; n -= 16) {
    const word = i32x4.splat(<i32>load<u16>(bits));
    v128.store(out, choose(word, b0, zeros, ones));
    v128.store(out, choose(word, b1, zeros, ones), 16);
    v128.store(out, choose(word, b2, zeros, ones), 32);
    v128.store(out, choose(word, b3, zeros, ones), 48);
    bits += 2;
    out += 64;
  }
  for (let i = 0; i < n; i++) {
    const isSet = (load<u8>(bits + (i >> 3)) >> (<u8>i & 7)) & 1;
    store<f32>(out + (<usize>i << 2), isSet ? one : zero);
  }
}

export function addPair(bits: usize, zero: f32, one: f32, out: usize, n: i32): void {
  const zeros = f32x4.splat(zero);
  const ones = f32x4.splat(one);
  const b0 = hold(i32x4(1, 2, 4, 8), n);
  const b1 = hold(i32x4(16, 32, 64, 128), n);
  const b2 = hold(i32x4(256, 512, 1024, 2048), n);
  const b3 = hold(i32x4(4096, 8192, 16384, 32768), n);
  for (; n >= 16; n -= 16) {
    const word = i32x4.splat(<i32>load<u16>(bits));
    v128.store(out, f32x4.add(v128.load(out), choose(word, b0, zeros, ones)));
    v128.store(out, f32x4.add(v128.load(out, 16), choose(word, b1, zeros, ones)), 16);
    v128.store(out, f32x4.add(v128.load(out, 32), choose(word, b2, zeros, ones)), 32);
    v128.store(out, f32x4.add(v128.load(out, 48), choose(word, b3, zeros, ones)), 48);
    bits += 2;
    out += 64;
  }
  for (let i = 0; i < n; i++) {
    const isSet = (load<u8>(bits + (i >> 3)) >> (<u8>i & 7)) & 1;
    const at = out + (<usize>i << 2);
    store<f32>(at, load<f32>(at) + (isSet ? one : zero));
  }
}
