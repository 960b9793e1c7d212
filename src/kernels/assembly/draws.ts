// The mix of `base/random.ts`, four counters at a time.
import { hold } from "./registers";

// @ts-ignore: decorator
@inline
function mix(i: v128, k0: v128, k1: v128, m0: v128, m1: v128, m2: v128): v128 {
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

export function draws(k0: i32, k1: i32, first: i32, out: usize, n: i32): void {
  const key0 = i32x4.splat(k0);
  const key1 = i32x4.splat(k1);
  const m0 = hold(i32x4.splat(0xed5ad4bb), n);
  const m1 = hold(i32x4.splat(0xac4c1b51), n);
  const m2 = hold(i32x4.splat(0x31848bab), n);
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
