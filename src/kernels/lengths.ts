/** The lengths that the vectors of one kernel call must have. In place a wrong one would write into a neighbour. */
import { assert } from "../base/errors.ts";

/** Bins of `histogram`. */
export const BINS = 2048;

export function sameLength(d: number, a: ArrayLike<number>, b: ArrayLike<number> = a, c: ArrayLike<number> = a): void {
  assert(a.length === d && b.length === d && c.length === d, `a kernel got vectors of ${d} and other lengths`);
}

export function bitsLength(d: number, bits: Uint8Array): void {
  assert(bits.length === (d + 7) >>> 3, `a kernel got ${bits.length} bytes for ${d} signs`);
}

export function binsLength(counts: Uint32Array): void {
  assert(counts.length === BINS, `a kernel got ${counts.length} histogram bins, not ${BINS}`);
}
