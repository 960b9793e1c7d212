/**
 * Decimal numbers read straight from bytes: text data sets hold tens of millions, too many to cut out as strings.
 */
import { LIMITS } from "./limits.ts";

const ZERO = 48;
const MINUS = 45;
const PLUS = 43;
const POINT = 46;

/** Decimal digits that a double holds exactly, whatever they are. */
const EXACT_DIGITS = 15;
/** 10⁰ … 10¹⁵; all are exact. */
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => Number(`1e${i}`));

/**
 * The finite number written in `bytes[start … end − 1]`; NaN if there is none.
 *
 * Up to 15 digits m with e of them behind the point are m / 10^e: both are exact, so the quotient is rounded once, which is
 * what `Number` gives of the text.
 * @see Clinger 1990, "How to Read Floating Point Numbers Accurately"
 */
export function decimal(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === MINUS;
  const first = negative || bytes[start] === PLUS ? start + 1 : start;
  let digits = 0;
  let point = -1;
  let value = 0;
  for (let i = first; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === POINT && point < 0) {
      point = digits;
      continue;
    }
    const digit = byte - ZERO;
    if (digit < 0 || digit > 9 || digits === EXACT_DIGITS) return general(bytes, start, end);
    value = value * 10 + digit;
    digits += 1;
  }
  if (digits === 0) return Number.NaN;
  if (point >= 0) value /= POWERS[digits - point]!;
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
