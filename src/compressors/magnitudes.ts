/**
 * Magnitudes as bits: those of finite f32, sign cleared, sort as the numbers do.
 */

/** Bins of the upper 11 magnitude bits: 8 of the exponent, 3 of the mantissa. */
export const BINS = 2048;
/** Of infinity; NaN has larger ones. */
export const INFINITY_BITS = 0x7f800000;
/** Clears the sign. */
export const MAGNITUDE = 0x7fffffff;

export interface Place {
  readonly digit: number;
  /** Rank from the top among the entries of this digit, from 1. */
  readonly rank: number;
}

/** Fewer entries are sorted by bytes: the counts of longer digits would be longer than they. */
const MANY = 2048;

/**
 * The n-th largest of the magnitudes; 0 if there are fewer. Undefined if one is not finite.
 * @param counts scratch of `BINS`
 */
export function nthMagnitude(bits: Uint32Array, n: number, counts: Uint32Array): Place | undefined {
  const width = bits.length < MANY ? 8 : 11;
  let [digit, rank] = [0, n];
  for (let top = 31; top > 0; top -= width) {
    const shift = Math.max(0, top - width);
    const bins = counts.subarray(0, 2 ** (top - shift)).fill(0);
    countDigits(bits, digit, top, shift, bins);
    if (top === 31) for (let b = INFINITY_BITS >>> shift; b < bins.length; b++) if (bins[b] !== 0) return undefined;
    const next = descend(bins, rank);
    digit = digit * bins.length + next.digit;
    rank = next.rank;
  }
  return { digit, rank };
}

/** Counts, among the magnitudes whose bits from `top` up are `prefix`, the bits between. */
function countDigits(bits: Uint32Array, prefix: number, top: number, shift: number, counts: Uint32Array): void {
  const mask = counts.length - 1;
  for (let j = 0; j < bits.length; j++) {
    const magnitude = bits[j]! & MAGNITUDE;
    counts[(magnitude >>> shift) & mask]! += Number(magnitude >>> top === prefix); // no branch to mispredict
  }
}

/** The digit that holds the entry of the given rank from the top; 0 if there are fewer. */
export function descend(counts: Uint32Array, rank: number): Place {
  let digit = counts.length - 1;
  let left = rank;
  while (digit > 0 && counts[digit]! < left) left -= counts[digit--]!;
  return { digit, rank: left };
}

/** Bits of the smallest f32 that is at least `bound`, a number above 0; those of infinity if there is none. */
export function bitsOfLeast(bound: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, bound);
  return Math.min(INFINITY_BITS, view.getUint32(0) + (view.getFloat32(0) < bound ? 1 : 0));
}
