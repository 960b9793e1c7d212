// Floyd's sample of distinct indices, one after the other: each draw depends on those before it.

/** The mix of `base/random.ts`. */
// @ts-ignore: decorator
@inline
function draw(k0: i32, k1: i32, i: i32): u32 {
  let x = <u32>(i + k0);
  x ^= x >> 17;
  x = x * 0xed5ad4bb + <u32>k1;
  x ^= x >> 11;
  x *= 0xac4c1b51;
  x ^= x >> 15;
  x *= 0x31848bab;
  x ^= x >> 14;
  return x ^ <u32>i;
}

/** Draws k of `length`, marks them in `taken`, lists them and clears their marks. */
export function subset(k0: i32, k1: i32, length: i32, k: i32, taken: usize, indices: usize): void {
  for (let i = 0; i < k; i++) {
    const j = length - k + i;
    const high = <f64>(draw(k0, k1, 2 * i) >> 5);
    const low = <f64>(draw(k0, k1, 2 * i + 1) >> 6);
    const fraction = (high * 67108864 + low) * (1.0 / 9007199254740992);
    const t = min(j, <i32>(fraction * <f64>(j + 1)));
    const word = taken + (<usize>(t >> 5) << 2);
    if ((load<u32>(word) >> (t & 31)) & 1) {
      const other = taken + (<usize>(j >> 5) << 2);
      store<u32>(other, load<u32>(other) | (1 << (j & 31)));
    } else {
      store<u32>(word, load<u32>(word) | (1 << (t & 31)));
    }
  }
  for (let start = 0; start < length; start += 64) {
    let marks = load<u64>(taken);
    store<u64>(taken, 0);
    taken += 8;
    for (; marks != 0; marks &= marks - 1) {
      store<i32>(indices, start + <i32>ctz(marks));
      indices += 4;
    }
  }
}
