// The mix of `base/random.ts`, four counters at a time.
import { clearLastHits, HITS_CHUNK, listHits, storeHits } from "./hits";
import { HITS } from "./memory";
import { hold } from "./registers";

export const M0: i32 = 0xed5ad4bb;
export const M1: i32 = 0xac4c1b51;
export const M2: i32 = 0x31848bab;

// @ts-ignore: decorator
@inline
export function mix(i: v128, k0: v128, k1: v128, m0: v128, m1: v128, m2: v128): v128 {
  let x = i32x4.add(i, k0);
  x = v128.xor(x, i32x4.shr_u(x, 17));
  x = i32x4.add(i32x4.mul(x, m0), k1);
  x = v128.xor(x, i32x4.shr_u(x, 11));
  x = i32x4.mul(x, m1);
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, m2);
  x = v128.xor(x, i32x4.shr_u(x, 14));
  return v128.xor(x, i);
}

/** Writes first + i for each i < n whose draw is ≤ most, unsigned; returns how many. */
export function selectDraws(k0: i32, k1: i32, most: i32, first: i32, n: i32, indices: usize): i32 {
  const key0 = i32x4.splat(k0);
  const key1 = i32x4.splat(k1);
  const m0 = hold(i32x4.splat(0xed5ad4bb), n);
  const m1 = hold(i32x4.splat(0xac4c1b51), n);
  const m2 = hold(i32x4.splat(0x31848bab), n);
  const four = hold(i32x4.splat(4), n);
  const limit = i32x4.splat(most);
  let a = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  let found = 0;
  while (n > 0) {
    const chunk = min(n, HITS_CHUNK);
    clearLastHits(chunk);
    for (let i = 0; i < chunk; i += 16) {
      const b = i32x4.add(a, four);
      const c = i32x4.add(b, four);
      const d = i32x4.add(c, four);
      const p = i32x4.le_u(mix(a, key0, key1, m0, m1, m2), limit);
      const q = i32x4.le_u(mix(b, key0, key1, m0, m1, m2), limit);
      const r = i32x4.le_u(mix(c, key0, key1, m0, m1, m2), limit);
      const s = i32x4.le_u(mix(d, key0, key1, m0, m1, m2), limit);
      let hits = i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(p, q), i16x8.narrow_i32x4_s(r, s)));
      if (chunk - i < 16) hits &= (1 << (chunk - i)) - 1;
      storeHits(i, hits);
      a = i32x4.add(d, four);
    }
    found += listHits(HITS, chunk, first, indices + (<usize>found << 2), chunk);
    first += chunk;
    n -= chunk;
  }
  return found;
}

export function draws(k0: i32, k1: i32, first: i32, out: usize, n: i32): void {
  const key0 = i32x4.splat(k0);
  const key1 = i32x4.splat(k1);
  const m0 = hold(i32x4.splat(M0), n);
  const m1 = hold(i32x4.splat(M1), n);
  const m2 = hold(i32x4.splat(M2), n);
  const four = hold(i32x4.splat(4), n);
  let i = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  for (; n >= 8; n -= 8) {
    const j = i32x4.add(i, four);
    v128.store(out, mix(i, key0, key1, m0, m1, m2));
    v128.store(out, mix(j, key0, key1, m0, m1, m2), 16);
    i = i32x4.add(j, four);
    out += 32;
  }
  for (; n > 0; n--) {
    store<i32>(out, i32x4.extract_lane(mix(i, key0, key1, m0, m1, m2), 0));
    i = i32x4.add(i, i32x4.splat(1));
    out += 4;
  }
}
