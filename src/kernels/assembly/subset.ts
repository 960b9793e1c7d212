// A random subset of indices: distinct draws, marked in a map of bits and then listed.
import { draws } from "./draws";
import { listHits } from "./hits";
import { CHANCES } from "./memory";

/** Draws made at a time. */
const BATCH: i32 = 1024;

/** Draws k of `length`, marks them in `taken`, lists them and clears their marks. */
export function subset(k0: i32, k1: i32, length: i32, k: i32, taken: usize, indices: usize): void {
  if (k == 0) return;
  const words = (length + 63) >> 6;
  if (k <= length >> 1) {
    mark(k0, k1, length, k, taken);
  } else {
    mark(k0, k1, length, length - k, taken);
    for (let w = 0; w < words; w++) store<u64>(taken + (<usize>w << 3), ~load<u64>(taken + (<usize>w << 3)));
    const last = taken + (<usize>(words - 1) << 3);
    store<u64>(last, load<u64>(last) & (~<u64>0 >> (<u64>-length & 63)));
  }
  listHits(taken, length, 0, indices, k);
  memory.fill(taken, 0, <usize>words << 3);
}

/** Marks the first `left` different ones of the indices that the draws propose. */
function mark(k0: i32, k1: i32, length: i32, left: i32, taken: usize): void {
  const unfair = <u32>((<u64>1 << 32) % <u64>length);
  let first = 0;
  while (left > 0) {
    // No more draws than are left to take: so nothing need ask, draw by draw, whether they were enough.
    const batch = min(left, BATCH);
    draws(k0, k1, first, CHANCES, batch);
    first += batch;
    for (let i = 0; i < batch; i++) {
      const product = <u64>load<u32>(CHANCES + (<usize>i << 2)) * <u64>length;
      if (<u32>product < unfair) continue;
      const t = <u32>(product >> 32);
      const word = taken + (<usize>(t >> 5) << 2);
      const marks = load<u32>(word);
      const bit = <u32>1 << (t & 31);
      store<u32>(word, marks | bit);
      left -= <i32>((marks & bit) == 0);
    }
  }
}
