// The checksum of `twin/checksum.ts`. Its lanes lie in memory between calls, so that a frame may come in pieces.
import { LANES } from "./memory";
import { hold } from "./registers";

const P1: i32 = 0x9e3779b1;
const P2: i32 = 0x85ebca77;
const P3: i32 = 0xc2b2ae3d;
const P4: i32 = 0x27d4eb2f;
const P5: i32 = 0x165667b1;

export function checksumOpen(seed: i32): void {
  for (let j = 0; j < 16; j++) store<i32>(LANES + (<usize>j << 2), seed + (j + 1) * P3);
}

// @ts-ignore: decorator
@inline
function stir(lane: v128, word: v128, p1: v128, p2: v128): v128 {
  const sum = i32x4.add(lane, i32x4.mul(word, p2));
  return i32x4.mul(v128.or(i32x4.shl(sum, 13), i32x4.shr_u(sum, 19)), p1);
}

export function checksumStripes(bytes: usize, stripes: i32): void {
  const p1 = hold(i32x4.splat(P1), stripes);
  const p2 = hold(i32x4.splat(P2), stripes);
  let a = v128.load(LANES);
  let b = v128.load(LANES, 16);
  let c = v128.load(LANES, 32);
  let d = v128.load(LANES, 48);
  for (; stripes > 0; stripes--) {
    a = stir(a, v128.load(bytes), p1, p2);
    b = stir(b, v128.load(bytes, 16), p1, p2);
    c = stir(c, v128.load(bytes, 32), p1, p2);
    d = stir(d, v128.load(bytes, 48), p1, p2);
    bytes += 64;
  }
  v128.store(LANES, a);
  v128.store(LANES, b, 16);
  v128.store(LANES, c, 32);
  v128.store(LANES, d, 48);
}

/** @param bytes the `tail` bytes behind the last stripe @param length of the whole frame, mod 2³² */
export function checksumClose(bytes: usize, tail: i32, length: i32, seed: i32): i32 {
  let h = seed + P5 + length;
  for (let j = 0; j < 16; j++) h = rotl(h ^ load<i32>(LANES + (<usize>j << 2)), 15) * P1 + P4;
  for (; tail > 0; tail--) h = rotl(h + <i32>load<u8>(bytes++) * P5, 11) * P1;
  h = (h ^ (h >>> 15)) * P2;
  h = (h ^ (h >>> 13)) * P3;
  return h ^ (h >>> 16);
}
