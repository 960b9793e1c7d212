/**
 * Decimal numbers read straight from bytes: text data sets hold tens of millions, too many to cut out as strings.
 */
import { LIMITS } from "./limits.ts";

const ZERO = 48;
const MINUS = 45;
const PLUS = 43;

/** The finite number written in `bytes[start … end − 1]`; NaN if there is none. */
export function decimal(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === MINUS;
  const first = negative || bytes[start] === PLUS ? start + 1 : start;
  if (end - first > 15 || first >= end) return general(bytes, start, end);
  let value = 0;
  for (let i = first; i < end; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return general(bytes, start, end);
    value = value * 10 + digit; // exact: at most 15 digits
  }
  return negative ? -value : value;
}

function general(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > LIMITS.numberLength) return Number.NaN;
  const text = textOf(bytes, start, end);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isFinite(Math.fround(value)) ? value : Number.NaN; // data are f32: beyond its range is no number here
}

const decoder = new TextDecoder();

/** The text of a range of bytes. */
export const textOf = (bytes: Uint8Array, start: number, end: number): string =>
  decoder.decode(bytes.subarray(start, end));
