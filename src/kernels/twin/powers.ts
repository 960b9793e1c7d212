/** f32 to a signed power of two and back: the exponent field in one byte, the sign in one bit. */
import { draw } from "../../base/random.ts";
import type { Key } from "../kernels.ts";
import { bitsLength, bytesLength } from "../lengths.ts";
import { bitsOf } from "./bits.ts";
import { add } from "./elementwise.ts";
import { allFinite } from "./sums.ts";

const { fround } = Math;

/** What each exponent field stands for: 0, 2⁻¹²⁶, …, 2¹²⁷ and, instead of infinity, the largest f32. */
const magnitudes = new Float32Array(Uint32Array.from({ length: 256 }, (_, e) => Math.min(e << 23, 0x7f7fffff)).buffer);

export function toPowers(x: Float32Array, key: Key | undefined, exponents: Uint8Array, signs: Uint8Array): boolean {
  bytesLength(x.length, 1, exponents);
  bitsLength(x.length, signs);
  const bits = bitsOf(x);
  signs.fill(0);
  for (let i = 0; i < bits.length; i++) {
    // What is added carries out of the mantissa, and so into the exponent, with the probability that the law asks for.
    const up = key === undefined ? 0x3fffff : draw(key.k0, key.k1, i) >>> 9;
    exponents[i] = ((bits[i]! & 0x7fffffff) + up) >>> 23;
    signs[i >>> 3]! |= (bits[i]! >>> 31) << (i & 7);
  }
  return allFinite(x);
}

export function powersFeedback(
  x: Float32Array,
  e: Float32Array,
  key: Key | undefined,
  rest: Float32Array,
  exponents: Uint8Array,
  signs: Uint8Array,
): boolean {
  add(x, e, rest);
  const finite = toPowers(rest, key, exponents, signs);
  for (let i = 0; i < rest.length; i++) rest[i] = rest[i]! - decoded(exponents, signs, i);
  return finite;
}

export function fromPowers(exponents: Uint8Array, signs: Uint8Array, out: Float32Array): void {
  bytesLength(out.length, 1, exponents);
  bitsLength(out.length, signs);
  for (let i = 0; i < out.length; i++) out[i] = decoded(exponents, signs, i);
}

export function addPowers(exponents: Uint8Array, signs: Uint8Array, weight: number, out: Float32Array): void {
  bytesLength(out.length, 1, exponents);
  bitsLength(out.length, signs);
  const factor = fround(weight);
  for (let i = 0; i < out.length; i++) out[i] = out[i]! + fround(factor * decoded(exponents, signs, i));
}

function decoded(exponents: Uint8Array, signs: Uint8Array, i: number): number {
  const magnitude = magnitudes[exponents[i]!]!;
  const isNegative = ((signs[i >>> 3]! >>> (i & 7)) & 1) === 1;
  return isNegative && magnitude > 0 ? -magnitude : magnitude;
}
