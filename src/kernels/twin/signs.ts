/** One bit an entry: packing signs, unpacking them, and sign with error feedback. */
import { bitsLength, sameLength } from "../lengths.ts";
import { LawfulSum } from "./sums.ts";

const { fround } = Math;

export function packSigns(x: Float32Array, bits: Uint8Array): void {
  bitsLength(x.length, bits);
  bits.fill(0);
  for (let i = 0; i < x.length; i++) if (x[i]! >= 0) bits[i >>> 3]! |= 1 << (i & 7);
}

export function packSignsAndSum(x: Float32Array, bits: Uint8Array): number {
  packSigns(x, bits);
  const sum = new LawfulSum();
  for (let i = 0; i < x.length; i++) sum.add(Math.abs(x[i]!));
  return sum.totalIfFinite();
}

export function unpackSigns(bits: Uint8Array, scale: number, out: Float32Array): void {
  bitsLength(out.length, bits);
  for (let i = 0; i < out.length; i++) out[i] = isSet(bits, i) ? scale : -scale;
}

export function addSigns(bits: Uint8Array, step: number, out: Float32Array): void {
  bitsLength(out.length, bits);
  const plus = fround(step);
  for (let i = 0; i < out.length; i++) out[i] = isSet(bits, i) ? out[i]! + plus : out[i]! - plus;
}

export function signFeedback(x: Float32Array, v: Float32Array, s: number, p: Float32Array, bits: Uint8Array): number {
  addFeedback(x, v, s, p);
  return packSignsAndSum(p, bits);
}

/** p = x + e with e the error memory in lazy form: e_i = fround(v_i − s·sign(v_i)). */
export function addFeedback(x: Float32Array, v: Float32Array, s: number, p: Float32Array): void {
  sameLength(x.length, v, p);
  const scale = fround(s);
  for (let i = 0; i < x.length; i++) {
    const error = v[i]! >= 0 ? v[i]! - scale : v[i]! + scale;
    p[i] = x[i]! + fround(error);
  }
}

const isSet = (bits: Uint8Array, i: number): boolean => ((bits[i >>> 3]! >>> (i & 7)) & 1) === 1;
