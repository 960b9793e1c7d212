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

/** The n-th largest of the magnitudes; 0 if there are fewer. Undefined if one is not finite. */
export function nthMagnitude(bits: Uint32Array, n: number): Place | undefined {
  const digits = new Uint32Array(BINS);
  for (let j = 0; j < bits.length; j++) digits[(bits[j]! & MAGNITUDE) >>> 20]! += 1;
  for (let digit = INFINITY_BITS >>> 20; digit < BINS; digit++) if (digits[digit] !== 0) return undefined;
  const top = descend(digits, n);
  const middle = descend(nextDigits(bits, top.digit, 10, digits), top.rank);
  const low = descend(nextDigits(bits, top.digit * 1024 + middle.digit, 0, digits), middle.rank);
  return { digit: (top.digit * 1024 + middle.digit) * 1024 + low.digit, rank: low.rank };
}

/** Counts, among magnitudes that start with `prefix`, the next ten bits. */
function nextDigits(bits: Uint32Array, prefix: number, shift: number, digits: Uint32Array): Uint32Array {
  digits.fill(0);
  for (let j = 0; j < bits.length; j++) {
    const magnitude = bits[j]! & MAGNITUDE;
    if (magnitude >>> (shift + 10) === prefix) digits[(magnitude >>> shift) & 1023]! += 1;
  }
  return digits;
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
