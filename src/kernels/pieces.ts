import { PIECE } from "./addresses.ts";

/** Calls `work` on all `length` entries at once, or on pieces of PIECE: entries i … i + n − 1 each time. */
export function eachPiece(length: number, atOnce: boolean, work: (i: number, n: number) => void): void {
  const piece = atOnce ? length : PIECE;
  for (let i = 0; i < length; i += piece) work(i, Math.min(piece, length - i));
}

/** f32 infinity; larger magnitude bits are NaN. */
export const INFINITY_BITS = 0x7f800000;

const word = new Uint32Array(1);
const value = new Float32Array(word.buffer);

/** The f32 of magnitude bits; infinity for NaN. */
export function magnitudeOf(bits: number): number {
  word[0] = Math.min(bits, INFINITY_BITS);
  return value[0]!;
}
