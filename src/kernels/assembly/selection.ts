// Histogram of magnitudes and selection from a floor up.
import { clearLastHits, HITS_CHUNK, listHits, storeHits } from "./hits";
import { COUNTS, HITS, padTail, TABLES, TABLES_BYTES, TAIL } from "./memory";
import { add } from "./elementwise";
import { gather } from "./entries";
import { hold } from "./registers";

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

/** Sixteen bits: entries whose magnitude bits reach the floor. */
// @ts-ignore: decorator
@inline
function reach16(a: v128, b: v128, c: v128, d: v128, magnitude: v128, least: v128): i32 {
  const p = i32x4.ge_s(v128.and(a, magnitude), least);
  const q = i32x4.ge_s(v128.and(b, magnitude), least);
  const r = i32x4.ge_s(v128.and(c, magnitude), least);
  const s = i32x4.ge_s(v128.and(d, magnitude), least);
  return i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(p, q), i16x8.narrow_i32x4_s(r, s)));
}

/** `reach16` of the entries at `x`. */
// @ts-ignore: decorator
@inline
function reachAt(x: usize, magnitude: v128, least: v128): i32 {
  return reach16(v128.load(x), v128.load(x, 16), v128.load(x, 32), v128.load(x, 48), magnitude, least);
}

/** The last n < 16 bits of a chunk, from bit i on. */
function storeLastHits(i: i32, x: usize, n: i32, magnitude: v128, least: v128): void {
  if (n > 0) storeHits(i, reachAt(padTail(x, n, TAIL, 0), magnitude, least) & ((1 << n) - 1));
}

/** Lists the hits of a chunk of n entries, and beside them the entries, while they lie in the first-level cache. */
function list(x: usize, n: i32, first: i32, indices: usize, values: usize, limit: i32): i32 {
  const found = listHits(HITS, n, first, indices, limit);
  gather(x, first, indices, values, found);
  return found;
}

/**
 * Writes first + i, and entry i beside it, for each entry i whose magnitude bits are ≥ floor, at most `limit` of them;
 * returns how many.
 */
export function selectFrom(
  x: usize,
  n: i32,
  floor: i32,
  first: i32,
  indices: usize,
  values: usize,
  limit: i32,
): i32 {
  const magnitude = hold(i32x4.splat(0x7fffffff), n);
  const least = i32x4.splat(floor);
  let found = 0;
  while (n > 0 && found < limit) {
    const chunk = min(n, HITS_CHUNK);
    clearLastHits(chunk);
    const start = x;
    let i = 0;
    for (; i + 16 <= chunk; i += 16) {
      storeHits(i, reachAt(x, magnitude, least));
      x += 64;
    }
    storeLastHits(i, x, chunk - i, magnitude, least);
    const at = <usize>found << 2;
    found += list(start, chunk, first, indices + at, values + at, limit - found);
    first += chunk;
    n -= chunk;
  }
  return found;
}

/** out = x + y, and what `selectFrom` finds in it. */
export function addSelect(
  x: usize,
  y: usize,
  out: usize,
  n: i32,
  floor: i32,
  first: i32,
  indices: usize,
  values: usize,
  limit: i32,
): i32 {
  const magnitude = hold(i32x4.splat(0x7fffffff), n);
  const least = i32x4.splat(floor);
  let found = 0;
  while (n > 0) {
    const chunk = min(n, HITS_CHUNK);
    clearLastHits(chunk);
    const start = out;
    let i = 0;
    for (; i + 16 <= chunk; i += 16) {
      const a = f32x4.add(v128.load(x), v128.load(y));
      const b = f32x4.add(v128.load(x, 16), v128.load(y, 16));
      const c = f32x4.add(v128.load(x, 32), v128.load(y, 32));
      const d = f32x4.add(v128.load(x, 48), v128.load(y, 48));
      v128.store(out, a);
      v128.store(out, b, 16);
      v128.store(out, c, 32);
      v128.store(out, d, 48);
      storeHits(i, reach16(a, b, c, d, magnitude, least));
      x += 64;
      y += 64;
      out += 64;
    }
    add(x, y, out, chunk - i);
    storeLastHits(i, out, chunk - i, magnitude, least);
    const at = <usize>found << 2;
    found += list(start, chunk, first, indices + at, values + at, limit - found);
    first += chunk;
    n -= chunk;
  }
  return found;
}
