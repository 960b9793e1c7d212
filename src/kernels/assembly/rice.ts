// Rice codes of ascending positions, most significant bit first.

/** Behind the last position that was read: the bit of the code where the next one begins. */
let bit: i32 = 0;
/** The least position that may come next. */
let next: u32 = 0;

export function riceBit(): i32 {
  return bit;
}

/** Begins a code. */
export function openRice(): void {
  next = 0;
}

/** The eight bytes at `code`, the first one highest. */
// @ts-ignore: decorator
@inline
function window64(code: usize): u64 {
  const bytes = v128.load64_splat(code);
  return i64x2.extract_lane(v128.shuffle<u8>(bytes, bytes, 7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0), 0);
}

/** Reads the n positions, below `length`, whose code begins at bit `first` of the bytes; returns how many were found. */
export function readRice(
  code: usize,
  bytes: i32,
  first: i32,
  parameter: i32,
  length: u32,
  positions: usize,
  n: i32,
): i32 {
  bit = first;
  const start = positions;
  const end = positions + (<usize>n << 2);
  while (positions < end) {
    positions = parameter > 10 ? positions : readFours(code, bytes, parameter, length, positions, end);
    if (positions == end || !readOne(code, bytes, parameter, length, positions)) break;
    positions += 4;
  }
  return <i32>((positions - start) >> 2);
}

/**
 * Reads four positions at a time while their code fits a window of at least 57 bits: no branch asks how long each is.
 * Returns the end of what it read.
 */
function readFours(code: usize, bytes: i32, parameter: i32, length: u32, positions: usize, end: usize): usize {
  let at = bit;
  let least = next;
  while ((at >>> 3) + 8 <= bytes && positions + 16 <= end) {
    // Inverted: so counting ones waits for nothing, and behind the window there are ones without end.
    let window = ~window64(code + (at >>> 3)) << (at & 7);
    let width = 0;
    let position = least;
    for (let j: usize = 0; j < 16; j += 4) {
      const ones = <i32>clz(window);
      position += (<u32>ones << parameter) | <u32>(((~window << (ones + 1)) >> 1) >> (63 - parameter));
      store<u32>(positions + j, position);
      position += 1;
      window <<= ones + 1 + parameter;
      width += ones + 1 + parameter;
    }
    if (width > 57 || position > length) break;
    positions += 16;
    at += width;
    least = position;
  }
  bit = at;
  next = least;
  return positions;
}

/** Reads a position bit by bit; where there is none it returns false and leaves everything as it was. */
function readOne(code: usize, bytes: i32, parameter: i32, length: u32, position: usize): bool {
  const end = bytes << 3;
  let at = bit;
  let gap: u64 = 0;
  while (at < end && oneAt(code, at)) {
    gap += 1;
    at += 1;
  }
  at += 1 + parameter;
  if (at > end) return false;
  for (let b = at - parameter; b < at; b++) gap = (gap << 1) | <u64>oneAt(code, b);
  if (gap + next >= <u64>length) return false;
  store<u32>(position, next + <u32>gap);
  next += <u32>gap + 1;
  bit = at;
  return true;
}

// @ts-ignore: decorator
@inline
function oneAt(code: usize, at: i32): bool {
  return ((load<u8>(code + (at >>> 3)) >> (7 - <u8>(at & 7))) & 1) != 0;
}

/** Writes the code of n positions and returns its end. */
export function writeRice(positions: usize, n: i32, parameter: i32, code: usize): usize {
  // Bits not yet written, below 32 of them, in the low end.
  let pending: u64 = 0;
  let count = 0;
  let least: u32 = 0;
  for (; n > 0; n--) {
    const gap = load<u32>(positions) - least;
    let ones = gap >>> parameter;
    for (; ones + parameter >= 32; ones--) {
      pending = (pending << 1) | 1;
      count += 1;
      if (count == 32) {
        store<u32>(code, bswap<u32>(<u32>pending));
        code += 4;
        count = 0;
      }
    }
    const width = ones + 1 + parameter;
    const low = <u64>(gap & ((1 << parameter) - 1));
    pending = (pending << width) | (((<u64>1 << (ones + 1)) - 2) << parameter) | low;
    count += width;
    if (count >= 32) {
      count -= 32;
      store<u32>(code, bswap<u32>(<u32>(pending >> count)));
      code += 4;
    }
    least = load<u32>(positions) + 1;
    positions += 4;
  }
  for (; count > 0; count -= 8) {
    store<u8>(code, <u8>(count >= 8 ? pending >> (count - 8) : pending << (8 - count)));
    code += 1;
  }
  return code;
}
