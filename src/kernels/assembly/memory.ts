// Where things lie below SLOTS_ADDRESS of `addresses.ts`, which holds COUNTS too.

/** Sixteen words: the lanes of the checksum in progress. */
export const LANES: usize = 1024;

/** The last entries of a vector, padded to sixteen; a place for each of three vectors and their bits. */
export const TAIL: usize = 1088;
export const TAIL_2: usize = 1152;
export const TAIL_3: usize = 1216;
export const TAIL_BITS: usize = 1280;

/** Bits of up to 1024 entries. */
export const HITS: usize = 2048;

/** Sixteen codes, a byte each, and behind them sixteen bytes of packed codes. */
export const CODES: usize = 1408;
export const PACKED: usize = 1424;

/** The draws of 1024 entries, two to a draw, and what a last round writes behind them. */
export const CHANCES: usize = 16384;

/** The counts of a histogram, 2048 words, and behind them its eight tables, interleaved. */
export const COUNTS: usize = 57344;
export const TABLES: usize = 65536;
export const TABLES_BYTES: usize = 65536;

/** Copies the n < 16 entries at `x` to `tail`, `pad` behind them, and returns `tail`. */
export function padTail(x: usize, n: i32, tail: usize, pad: f32): usize {
  for (let i = 0; i < 16; i++) {
    const at = <usize>i << 2;
    if (i < n) store<u32>(tail + at, load<u32>(x + at));
    else store<f32>(tail + at, pad);
  }
  return tail;
}
