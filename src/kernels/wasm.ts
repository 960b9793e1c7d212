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
  histogram(x: number, n: number): void;
  addFeedbackHistogram(x: number, v: number, s: number, p: number, n: number): void;
  takeCounts(): void;
  selectFrom(x: number, n: number, floor: number, first: number, indices: number, limit: number): number;
  toHalf(x: number, out: number, n: number): void;
  fromHalf(bits: number, out: number, n: number): void;
  draws(k0: number, k1: number, first: number, out: number, n: number): void;
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
