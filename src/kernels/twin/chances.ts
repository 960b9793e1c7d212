/**
 * Random rounding to whole steps. A `drawPair` serves two entries: its lower half entry j of a bucket whose first entry is
 * coordinate `first`, where j mod 8 < 4, its upper half entry j + 4.
 *
 * The fraction of a step has 16 bits, or as many as a range of 2²² leaves: an entry goes up with its fraction's probability
 * within 2⁻¹⁷ of a step.
 */
import { drawPair } from "../../base/random.ts";

/** Adding it to a number below 2²² in magnitude rounds to a whole number, ties to even. */
const MAGIC = 1.5 * 2 ** 23;

/** Bits of a step's fraction, where whole steps take `bits` bits. */
export const fractionBits = (bits: number): number => Math.min(16, 22 - bits);

/** The whole number nearest to a place below 2²² in magnitude. */
export const nearest = (place: number): number => Math.fround(place + MAGIC) - MAGIC;

/** The lowest `bits` bits of the half of a draw that is entry j's, 0 … 2^bits − 1. */
export function chance(k0: number, k1: number, first: number, j: number, bits: number): number {
  const both = drawPair(k0, k1, first + (j & ~4));
  return ((j & 4) === 0 ? both : both >>> 16) & (2 ** bits - 1);
}
