// Lists of indices, in two steps: sixteen comparisons become sixteen bits, and the set bits are listed 64 at a time. A branch
// on each sixteen would be mispredicted at most hits, which costs more than all comparisons.
import { HITS } from "./memory";

/** Entries whose bits are at HITS at a time. */
export const HITS_CHUNK: i32 = 1024;

/** Where the sixteen bits of entries i … i + 15 of a chunk go. */
// @ts-ignore: decorator
@inline
export function storeHits(i: i32, hits: i32): void {
  store<u16>(HITS + (<usize>i >> 3), hits);
}

/** To be called before the bits of a chunk of n entries are stored: the last word may be stored in part. */
// @ts-ignore: decorator
@inline
export function clearLastHits(n: i32): void {
  store<u64>(HITS + (<usize>((n - 1) >> 6) << 3), 0);
}

/** Writes first + i for each bit i of n that is set at `hits`, at most `limit` of them; returns how many. */
export function listHits(hits: usize, n: i32, first: i32, indices: usize, limit: i32): i32 {
  const start = indices;
  const end = indices + (<usize>limit << 2);
  for (let i = 0; i < n; i += 64) {
    let word = load<u64>(hits);
    hits += 8;
    const set = <i32>popcnt(word);
    // Two are written, whether there are as many or not: few words have more, and branches on so few would be mispredicted.
    if (indices + (max(set, 2) << 2) <= end) {
      const base = first + i;
      store<i32>(indices, base + <i32>ctz(word));
      word &= word - 1;
      store<i32>(indices, base + <i32>ctz(word), 4);
      for (let more = indices + 8; more < indices + (set << 2); more += 4) {
        word &= word - 1;
        store<i32>(more, base + <i32>ctz(word));
      }
      indices += set << 2;
      continue;
    }
    for (; word != 0; word &= word - 1) {
      if (indices == end) return limit;
      store<i32>(indices, first + i + <i32>ctz(word));
      indices += 4;
    }
  }
  return <i32>((indices - start) >> 2);
}
