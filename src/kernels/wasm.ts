/** Loads the WebAssembly module that `scripts/build-kernels.ts` built. */
import type { Arena } from "./arena.ts";
import { wasm as base64 } from "./generated/wasm.ts";

/** What `assembly/index.ts` exports: addresses and counts of entries, both in numbers. */
export interface WasmKernels {
  sumMagnitudes(x: number, n: number, sum: number): number;
  sumSquares(x: number, n: number, sum: number): number;
  maxBits(x: number, n: number, most: number): number;
  axpy(a: number, x: number, y: number, n: number): void;
  scale(a: number, x: number, n: number): void;
  add(x: number, y: number, out: number, n: number): void;
  subtract(x: number, y: number, out: number, n: number): void;
  momentum(mu: number, g: number, v: number, n: number): void;
  momentumStep(mu: number, lr: number, g: number, v: number, x: number, n: number): void;
  packSigns(x: number, bits: number, n: number): void;
  packSignsAndSum(x: number, bits: number, n: number, sum: number): number;
  unpackSigns(bits: number, scale: number, out: number, n: number): void;
  addSigns(bits: number, step: number, out: number, n: number): void;
  signFeedback(x: number, v: number, s: number, p: number, bits: number, n: number, sum: number): number;
  openSides(): void;
  packSides(x: number, bits: number, n: number): void;
  plusSide(): number;
  minusSide(): number;
  plusCount(): number;
  unpackPair(bits: number, zero: number, one: number, out: number, n: number): void;
  addPair(bits: number, zero: number, one: number, out: number, n: number): void;
  histogram(x: number, n: number): void;
  takeCounts(): void;
  addSelect(
    x: number,
    y: number,
    out: number,
    n: number,
    floor: number,
    first: number,
    indices: number,
    values: number,
    limit: number,
  ): number;
  selectFrom(
    x: number,
    n: number,
    floor: number,
    first: number,
    indices: number,
    values: number,
    limit: number,
  ): number;
  gather(x: number, first: number, positions: number, values: number, n: number): void;
  scatter(values: number, positions: number, out: number, from: number, to: number, n: number): void;
  scatterAdd(weight: number, values: number, positions: number, out: number, n: number): void;
  writeRice(positions: number, n: number, parameter: number, code: number): number;
  openRice(): void;
  readRice(
    code: number,
    bytes: number,
    first: number,
    parameter: number,
    length: number,
    positions: number,
    n: number,
  ): number;
  riceBit(): number;
  toHalf(x: number, halves: number, n: number, most: number): number;
  halfFeedback(x: number, e: number, rest: number, halves: number, n: number, most: number): number;
  fromHalf(halves: number, out: number, n: number): void;
  addHalf(halves: number, weight: number, out: number, n: number): void;
  maxMagnitude16(words: number, n: number, most: number): number;
  toBfloat(x: number, words: number, n: number, most: number): number;
  toBfloatAtRandom(x: number, k0: number, k1: number, first: number, words: number, n: number, most: number): number;
  bfloatFeedback(x: number, e: number, rest: number, words: number, n: number, most: number): number;
  bfloatFeedbackAtRandom(
    x: number,
    e: number,
    k0: number,
    k1: number,
    first: number,
    rest: number,
    words: number,
    n: number,
    most: number,
  ): number;
  fromBfloat(words: number, out: number, n: number): void;
  addBfloat(words: number, weight: number, out: number, n: number): void;
  toPowers(
    x: number,
    k0: number,
    k1: number,
    first: number,
    exponents: number,
    signs: number,
    n: number,
    found: number,
  ): number;
  toNearestPowers(x: number, exponents: number, signs: number, n: number, found: number): number;
  powersFeedback(
    x: number,
    e: number,
    k0: number,
    k1: number,
    first: number,
    rest: number,
    exponents: number,
    signs: number,
    n: number,
    found: number,
  ): number;
  nearestPowersFeedback(
    x: number,
    e: number,
    rest: number,
    exponents: number,
    signs: number,
    n: number,
    found: number,
  ): number;
  fromPowers(exponents: number, signs: number, out: number, n: number): void;
  addPowers(exponents: number, signs: number, weight: number, out: number, n: number): void;
  bucketNorms(x: number, n: number, bucket: number, norms: number): void;
  bucketMaxima(x: number, n: number, bucket: number, maxima: number): void;
  addBucketNorms(x: number, e: number, p: number, n: number, bucket: number, norms: number): void;
  addBucketMaxima(x: number, e: number, p: number, n: number, bucket: number, maxima: number): void;
  dither(
    x: number,
    steps: number,
    n: number,
    bucket: number,
    most: number,
    k0: number,
    k1: number,
    first: number,
    levels: number,
  ): void;
  ditherNibbles(
    x: number,
    steps: number,
    n: number,
    bucket: number,
    k0: number,
    k1: number,
    first: number,
    nibbles: number,
  ): void;
  ditherNibblesFeedback(
    p: number,
    steps: number,
    n: number,
    bucket: number,
    k0: number,
    k1: number,
    first: number,
    nibbles: number,
  ): void;
  scaleLevels(levels: number, steps: number, n: number, bucket: number, out: number): void;
  addLevels(weight: number, levels: number, steps: number, n: number, bucket: number, out: number): void;
  unpackNibbles(nibbles: number, levels: number, n: number): void;
  holdsNibble(nibbles: number, bytes: number, nibble: number): number;
  subset(k0: number, k1: number, length: number, k: number, taken: number, indices: number): void;
  selectDraws(k0: number, k1: number, most: number, first: number, n: number, indices: number): number;
  draws(k0: number, k1: number, first: number, out: number, n: number): void;
  toGrid(
    x: number,
    n: number,
    bits: number,
    bucket: number,
    symmetric: number,
    random: number,
    k0: number,
    k1: number,
    first: number,
    out: number,
  ): number;
  gridFeedback(
    x: number,
    e: number,
    rest: number,
    n: number,
    bits: number,
    bucket: number,
    symmetric: number,
    random: number,
    k0: number,
    k1: number,
    first: number,
    out: number,
  ): number;
  fromGrid(from: number, bits: number, bucket: number, symmetric: number, out: number, n: number): void;
  addGrid(from: number, bits: number, bucket: number, symmetric: number, weight: number, out: number, n: number): void;
  checksumOpen(seed: number): void;
  checksumStripes(bytes: number, stripes: number): void;
  checksumClose(bytes: number, tail: number, length: number, seed: number): number;
}

/**
 * Instantiates the kernels on the arena's memory.
 * @param bytes the module; by default the one that was built
 * @returns undefined where the engine finds it invalid: it has no SIMD
 */
export async function loadWasm(arena: Arena, bytes: BufferSource = decode(base64)): Promise<WasmKernels | undefined> {
  if (!WebAssembly.validate(bytes)) return undefined;
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory: arena.memory } });
  // The module is ours, built from `assembly/`: what it exports is what is written above.
  return instance.exports as unknown as WasmKernels;
}

const decode = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
