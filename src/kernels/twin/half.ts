/** f32 to IEEE half and back: sign, 5 bits of exponent, 10 of mantissa. */
import { sameLength } from "../lengths.ts";
import { bitsOf } from "./bits.ts";

const LARGEST = 0x477fe000; // 65504 as f32 bits
const NORMAL = 0x38800000; // 2⁻¹⁴, the smallest normal half, as f32 bits
const REBIAS = 0x38000000; // 112 in the exponent field: the f32 bias 127 less the half bias 15

const word = new Float32Array(1);
const wordBits = bitsOf(word);

export function toHalf(x: Float32Array, out: Uint16Array): void {
  sameLength(x.length, out);
  const bits = bitsOf(x);
  for (let i = 0; i < bits.length; i++) {
    out[i] = ((bits[i]! >>> 16) & 0x8000) | halfMagnitude(Math.min(bits[i]! & 0x7fffffff, LARGEST));
  }
}

/** @param m magnitude bits of an f32, at most those of 65504 */
function halfMagnitude(m: number): number {
  if (m >= NORMAL) return (m - REBIAS + 0xfff + ((m >>> 13) & 1)) >>> 13;
  // Entries of [½, 1) lie 2⁻²⁴ apart, just as subnormal halves do: adding ½ rounds to nearest even.
  wordBits[0] = m;
  word[0] = word[0]! + 0.5;
  return wordBits[0]! - 0x3f000000;
}

export function fromHalf(bits: Uint16Array, out: Float32Array): void {
  sameLength(bits.length, out);
  const outBits = bitsOf(out);
  for (let i = 0; i < bits.length; i++) outBits[i] = ((bits[i]! & 0x8000) << 16) | floatMagnitude(bits[i]! & 0x7fff);
}

/** @param m magnitude bits of a half */
function floatMagnitude(m: number): number {
  if (m >= 0x7c00) return (m << 13) + 2 * REBIAS; // infinity and NaN
  if (m >= 0x0400) return (m << 13) + REBIAS;
  word[0] = m * 2 ** -24;
  return wordBits[0]!;
}
