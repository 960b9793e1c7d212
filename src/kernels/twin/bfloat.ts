/** f32 to bfloat16 and back: the upper half of an f32's bits. Two bytes an entry, the lower first. */
import { draw } from "../../base/random.ts";
import type { Key } from "../kernels.ts";
import { bytesLength } from "../lengths.ts";
import { bitsOf } from "./bits.ts";
import { add } from "./elementwise.ts";
import { allFinite } from "./sums.ts";

const { fround } = Math;

const LARGEST = 0x7f7f0000; // of bfloat16, as f32 bits

const word = new Float32Array(1);
const wordBits = bitsOf(word);

export function toBfloat(x: Float32Array, key: Key | undefined, words: Uint8Array): boolean {
  bytesLength(x.length, 2, words);
  const bits = bitsOf(x);
  for (let i = 0; i < bits.length; i++) {
    const m = Math.min(bits[i]! & 0x7fffffff, LARGEST);
    const up = key === undefined ? 0x7fff + ((m >>> 16) & 1) : draw(key.k0, key.k1, i) >>> 16;
    const upper = ((bits[i]! >>> 16) & 0x8000) | ((m + up) >>> 16);
    words[2 * i] = upper;
    words[2 * i + 1] = upper >>> 8;
  }
  return allFinite(x);
}

export function bfloatFeedback(
  x: Float32Array,
  e: Float32Array,
  key: Key | undefined,
  rest: Float32Array,
  words: Uint8Array,
): boolean {
  add(x, e, rest);
  const finite = toBfloat(rest, key, words);
  for (let i = 0; i < rest.length; i++) rest[i] = rest[i]! - decoded(words, i);
  return finite;
}

export function fromBfloat(words: Uint8Array, out: Float32Array): void {
  bytesLength(out.length, 2, words);
  for (let i = 0; i < out.length; i++) out[i] = decoded(words, i);
}

export function addBfloat(words: Uint8Array, weight: number, out: Float32Array): void {
  bytesLength(out.length, 2, words);
  const factor = fround(weight);
  for (let i = 0; i < out.length; i++) out[i] = out[i]! + fround(factor * decoded(words, i));
}

/** Adding 0 makes −0 a +0 and changes nothing else. */
function decoded(words: Uint8Array, i: number): number {
  wordBits[0] = (words[2 * i]! << 16) | (words[2 * i + 1]! << 24);
  return word[0]! + 0;
}
