/** f32 to IEEE half and back: sign, 5 bits of exponent, 10 of mantissa. Two bytes an entry, the lower first. */
import { bytesLength } from "../lengths.ts";
import { magnitudeOf } from "../pieces.ts";
import { bitsOf } from "./bits.ts";
import { add } from "./elementwise.ts";

const { fround } = Math;

const LARGEST = 0x477fe000; // 65504 as f32 bits
const NORMAL = 0x38800000; // 2⁻¹⁴, the smallest normal half, as f32 bits
const REBIAS = 0x38000000; // 112 in the exponent field: the f32 bias 127 less the half bias 15

const word = new Float32Array(1);
const wordBits = bitsOf(word);

export function toHalf(x: Float32Array, halves: Uint8Array): number {
  bytesLength(x.length, 2, halves);
  const bits = bitsOf(x);
  let most = 0;
  for (let i = 0; i < bits.length; i++) {
    const magnitude = bits[i]! & 0x7fffffff;
    most = Math.max(most, magnitude);
    const half = ((bits[i]! >>> 16) & 0x8000) | halfMagnitude(Math.min(magnitude, LARGEST));
    halves[2 * i] = half;
    halves[2 * i + 1] = half >>> 8;
  }
  return magnitudeOf(most);
}

/** @param m magnitude bits of an f32, at most those of 65504 */
function halfMagnitude(m: number): number {
  if (m >= NORMAL) return (m - REBIAS + 0xfff + ((m >>> 13) & 1)) >>> 13;
  // Entries of [½, 1) lie 2⁻²⁴ apart, just as subnormal halves do: adding ½ rounds to nearest even.
  wordBits[0] = m;
  word[0] = word[0]! + 0.5;
  return wordBits[0]! - 0x3f000000;
}

export function halfFeedback(x: Float32Array, e: Float32Array, rest: Float32Array, halves: Uint8Array): number {
  add(x, e, rest);
  const most = toHalf(rest, halves);
  for (let i = 0; i < rest.length; i++) rest[i] = rest[i]! - decoded(halves, i);
  return most;
}

export function fromHalf(halves: Uint8Array, out: Float32Array): void {
  bytesLength(out.length, 2, halves);
  for (let i = 0; i < out.length; i++) out[i] = decoded(halves, i);
}

export function addHalf(halves: Uint8Array, weight: number, out: Float32Array): void {
  bytesLength(out.length, 2, halves);
  const factor = fround(weight);
  for (let i = 0; i < out.length; i++) out[i] = out[i]! + fround(factor * decoded(halves, i));
}

function decoded(halves: Uint8Array, i: number): number {
  const half = halves[2 * i]! | (halves[2 * i + 1]! << 8);
  const magnitude = floatMagnitude(half & 0x7fff);
  return half >= 0x8000 && magnitude > 0 ? -magnitude : magnitude;
}

/** @param m magnitude bits of a half */
function floatMagnitude(m: number): number {
  if (m < 0x0400) return m * 2 ** -24;
  wordBits[0] = (m << 13) + REBIAS;
  return word[0]!;
}

export function maxMagnitude16(words: Uint8Array): number {
  let most = 0;
  for (let at = 0; at < words.length; at += 2) most = Math.max(most, words[at]! | ((words[at + 1]! & 0x7f) << 8));
  return most;
}
