/**
 * Elias codes of whole numbers from 1 to 2³², most significant bit first.
 *
 *     gamma   ⌊log₂ n⌋ zeros, then n in binary
 *     delta   the gamma code of n's bit length, then n without its leading 1
 *     omega   a 0; as long as n > 1, n in binary goes in front and n becomes its bit length − 1
 *
 * Readers are total: they refuse what stands for more than 2³², so a damaged stream keeps none of them long.
 * @see Elias 1975, "Universal codeword sets and representations of the integers"
 */
import type { BitReader, BitWriter } from "./bits.ts";
import type { ByteSource } from "./bytes.ts";

export const MAX_ELIAS: number = 2 ** 32;

const bitLength = (n: number): number => (n >= 2 ** 32 ? 33 : 32 - Math.clz32(n));

export const gammaBits = (n: number): number => 2 * bitLength(n) - 1;

export const deltaBits = (n: number): number => gammaBits(bitLength(n)) + bitLength(n) - 1;

export function omegaBits(n: number): number {
  let bits = 1;
  for (let rest = n; rest > 1; ) {
    const length = bitLength(rest);
    bits += length;
    rest = length - 1;
  }
  return bits;
}

export function writeGamma(n: number, bits: BitWriter): void {
  const length = bitLength(n);
  putWide(0, length - 1, bits);
  putWide(n, length, bits);
}

export function writeDelta(n: number, bits: BitWriter): void {
  const length = bitLength(n);
  writeGamma(length, bits);
  putWide(n % 2 ** (length - 1), length - 1, bits);
}

export function writeOmega(n: number, bits: BitWriter): void {
  if (n < SHORT) {
    bits.put(SHORT_CODES[n]!, SHORT_BITS[n]!);
  } else {
    omegaGroups(n, bits);
    bits.put(0, 1);
  }
}

/** @param from names the message in errors */
export function readGamma(bits: BitReader, from: ByteSource): number {
  let zeros = 0;
  while (bits.take(1) === 0) {
    zeros += 1;
    if (zeros > 32) throw tooLarge(from);
  }
  return checked(2 ** zeros + takeWide(zeros, bits), from);
}

export function readDelta(bits: BitReader, from: ByteSource): number {
  const length = readGamma(bits, from);
  if (length > 33) throw tooLarge(from);
  return checked(2 ** (length - 1) + takeWide(length - 1, bits), from);
}

export function readOmega(bits: BitReader, from: ByteSource): number {
  let n = 1;
  while (bits.take(1) === 1) {
    if (n > 32) throw tooLarge(from);
    n = 2 ** n + takeWide(n, bits);
  }
  return checked(n, from);
}

/** All groups of the omega code of n, without the 0 that ends it. */
function omegaGroups(n: number, bits: BitWriter): void {
  if (n === 1) return;
  const length = bitLength(n);
  omegaGroups(length - 1, bits);
  putWide(n, length, bits);
}

/** Omega codes of small numbers, ready to be put: levels and most gaps are small. */
const SHORT = 256;
const SHORT_BITS = Uint8Array.from({ length: SHORT }, (_, n) => omegaBits(n));
const SHORT_CODES = Uint16Array.from({ length: SHORT }, (_, n) => shortCode(n));

function shortCode(n: number): number {
  let code = 0;
  let width = 1;
  for (let rest = n; rest > 1; ) {
    code += rest * 2 ** width;
    const length = bitLength(rest);
    width += length;
    rest = length - 1;
  }
  return code;
}

/** What a bit stream takes at once. */
const WORD = 24;

function putWide(value: number, width: number, bits: BitWriter): void {
  if (width > WORD) bits.put(Math.floor(value / 2 ** WORD), width - WORD);
  bits.put(value % 2 ** WORD, Math.min(width, WORD));
}

function takeWide(width: number, bits: BitReader): number {
  const high = width > WORD ? bits.take(width - WORD) : 0;
  return high * 2 ** WORD + bits.take(Math.min(width, WORD));
}

function checked(n: number, from: ByteSource): number {
  if (n > MAX_ELIAS) throw tooLarge(from);
  return n;
}

const tooLarge = (from: ByteSource) => from.corrupt("an Elias code of at most 2^32");
