/** Two values by one bit an entry, and the sums on either side of 0. */
import { bitsLength } from "../lengths.ts";
import { packSigns } from "./signs.ts";
import { LawfulSum } from "./sums.ts";

const { fround } = Math;

export function packSides(x: Float32Array, bits: Uint8Array, sides: Float64Array): number {
  packSigns(x, bits);
  const [plus, minus] = [new LawfulSum(), new LawfulSum()];
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!;
    plus.add(Math.max(value, 0));
    minus.add(Math.max(-value, 0));
    if (value >= 0) count += 1;
  }
  sides[0] = plus.total();
  sides[1] = minus.total();
  return count;
}

export function unpackPair(bits: Uint8Array, zero: number, one: number, out: Float32Array): void {
  bitsLength(out.length, bits);
  for (let i = 0; i < out.length; i++) out[i] = isSet(bits, i) ? one : zero;
}

export function addPair(bits: Uint8Array, zero: number, one: number, out: Float32Array): void {
  bitsLength(out.length, bits);
  const [low, high] = [fround(zero), fround(one)];
  for (let i = 0; i < out.length; i++) out[i] = out[i]! + (isSet(bits, i) ? high : low);
}

const isSet = (bits: Uint8Array, i: number): boolean => ((bits[i >>> 3]! >>> (i & 7)) & 1) === 1;
