// Histogram of magnitudes and selection from a floor up.
import { COUNTS, TABLES, TABLES_BYTES } from "./memory";
import { hold } from "./registers";
import { withError } from "./signs";

/** Entries that are added to before they are counted: they are still in the first-level cache then. */
const CHUNK: i32 = 256;

/**
 * Counts the eight entries of four pairs, each in a table of its own: a second increment of a word would have to wait for
 * the first one's store. The tables lie interleaved, eight words a bin, so that bins in use share cache lines. An entry's
 * bits shifted right by 20 are its bin, the bin times 32 its offset. Each offset is an immediate of its load and store.
 */
// @ts-ignore: decorator
@inline
function count8(a: u64, b: u64, c: u64, d: u64): void {
  const bin0 = <usize>(a >> 15) & 0xffe0;
  store<u32>(bin0, load<u32>(bin0, TABLES) + 1, TABLES);
  const bin1 = <usize>(a >> 47) & 0xffe0;
  store<u32>(bin1, load<u32>(bin1, TABLES + 4) + 1, TABLES + 4);
  const bin2 = <usize>(b >> 15) & 0xffe0;
  store<u32>(bin2, load<u32>(bin2, TABLES + 8) + 1, TABLES + 8);
  const bin3 = <usize>(b >> 47) & 0xffe0;
  store<u32>(bin3, load<u32>(bin3, TABLES + 12) + 1, TABLES + 12);
  const bin4 = <usize>(c >> 15) & 0xffe0;
  store<u32>(bin4, load<u32>(bin4, TABLES + 16) + 1, TABLES + 16);
  const bin5 = <usize>(c >> 47) & 0xffe0;
  store<u32>(bin5, load<u32>(bin5, TABLES + 20) + 1, TABLES + 20);
  const bin6 = <usize>(d >> 15) & 0xffe0;
  store<u32>(bin6, load<u32>(bin6, TABLES + 24) + 1, TABLES + 24);
  const bin7 = <usize>(d >> 47) & 0xffe0;
  store<u32>(bin7, load<u32>(bin7, TABLES + 28) + 1, TABLES + 28);
}

// @ts-ignore: decorator
@inline
function count(bits: u32): void {
  const bin = <usize>(bits >> 15) & 0xffe0;
  store<u32>(bin, load<u32>(bin, TABLES) + 1, TABLES);
}

/** Counts n entries into the tables. */
export function histogram(x: usize, n: i32): void {
  for (; n >= 8; n -= 8) {
    count8(load<u64>(x), load<u64>(x, 8), load<u64>(x, 16), load<u64>(x, 24));
    x += 32;
  }
  for (; n > 0; n--) {
    count(load<u32>(x));
    x += 4;
  }
}

/** p = x + e, and p counted into the tables. */
export function addFeedbackHistogram(x: usize, v: usize, s: f32, p: usize, n: i32): void {
  const scale = f32x4.splat(s);
  const signBit = hold(i32x4.splat(0x80000000), n);
  while (n >= 8) {
    const chunk = min(n & ~7, CHUNK);
    const start = p;
    for (let left = chunk; left > 0; left -= 8) {
      v128.store(p, withError(v128.load(x), v128.load(v), scale, signBit));
      v128.store(p, withError(v128.load(x, 16), v128.load(v, 16), scale, signBit), 16);
      x += 32;
      v += 32;
      p += 32;
    }
    histogram(start, chunk);
    n -= chunk;
  }
  for (; n > 0; n--) {
    const value = load<f32>(v);
    const sum = load<f32>(x) + (value >= 0 ? value - s : value + s);
    store<f32>(p, sum);
    count(reinterpret<u32>(sum));
    x += 4;
    v += 4;
    p += 4;
  }
}

/** Writes the sum of the eight tables to COUNTS and clears them. */
export function takeCounts(): void {
  for (let bin: usize = 0; bin < 2048; bin++) {
    const at = TABLES + (bin << 5);
    const pairs = i32x4.add(v128.load(at), v128.load(at, 16));
    const count = i32x4.add(pairs, v128.shuffle<u64>(pairs, pairs, 1, 0));
    store<i32>(COUNTS + (bin << 2), i32x4.extract_lane(count, 0) + i32x4.extract_lane(count, 1));
  }
  memory.fill(TABLES, 0, TABLES_BYTES);
}

/** Writes first + i for each entry i whose magnitude bits are ≥ floor, at most `limit` of them; returns how many. */
export function selectFrom(x: usize, n: i32, floor: i32, first: i32, indices: usize, limit: i32): i32 {
  const magnitude = hold(i32x4.splat(0x7fffffff), n);
  const least = i32x4.splat(floor);
  let found = 0;
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    const p = i32x4.ge_s(v128.and(v128.load(x), magnitude), least);
    const q = i32x4.ge_s(v128.and(v128.load(x, 16), magnitude), least);
    const r = i32x4.ge_s(v128.and(v128.load(x, 32), magnitude), least);
    const s = i32x4.ge_s(v128.and(v128.load(x, 48), magnitude), least);
    x += 64;
    let hits = i8x16.bitmask(
      i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(p, q), i16x8.narrow_i32x4_s(r, s)),
    );
    while (hits != 0) {
      if (found == limit) return found;
      store<i32>(indices + (<usize>found << 2), first + i + ctz(hits));
      hits &= hits - 1;
      found++;
    }
  }
  for (; i < n; i++) {
    if (<i32>(load<u32>(x) & 0x7fffffff) >= floor) {
      if (found == limit) return found;
      store<i32>(indices + (<usize>found << 2), first + i);
      found++;
    }
    x += 4;
  }
  return found;
}
