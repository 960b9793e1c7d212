/** Where things lie in the kernels' memory. `assembly/memory.ts` places its own below SLOTS_ADDRESS. */

/** Entries a piece of a vector that is streamed: four blocks of the law of sums, so that slots stay in the L2 cache. */
export const PIECE = 16384;

/** Bytes a slot: a piece of f32 entries. */
export const SLOT_BYTES: number = 4 * PIECE;

/** Where `assembly/memory.ts` puts the counts of a histogram. */
export const COUNTS_ADDRESS = 57344;

/** Three slots for f32 vectors, one for bits, halves, words or bytes, and one for bits beside bytes. */
export const SLOTS_ADDRESS = 131072;

/** Where vectors that work in place begin. */
export const VECTORS_ADDRESS: number = SLOTS_ADDRESS + 5 * SLOT_BYTES;
