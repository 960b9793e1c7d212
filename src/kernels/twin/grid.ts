/** Uniform grids, bucket by bucket: fitting one, rounding to its points, and points back to values. */
import { bucketBytes, checkGrid, type Grid, headerBytes, levelsOf } from "../grid.ts";
import type { Key } from "../kernels.ts";
import { sameLength } from "../lengths.ts";
import { chance, fractionBits, nearest } from "./chances.ts";
import { add } from "./elementwise.ts";
import { allFinite } from "./sums.ts";

const { fround } = Math;

const LARGEST = 3.4028234663852886e38; // of f32
const NORMAL = 2 ** -126; // the smallest normal f32
const SMALLEST = 2 ** -149;

export function toGrid(
  x: Float32Array,
  grid: Grid,
  key: Key | undefined,
  first: number,
  quantised: Uint8Array,
): boolean {
  checkGrid(grid, x.length, quantised);
  if (!allFinite(x)) return false;
  let at = 0;
  for (let start = 0; start < x.length; start += grid.bucket) {
    const entries = x.subarray(start, start + grid.bucket);
    const end = at + bucketBytes(grid, entries.length);
    if (!fillBucket(entries, grid, key, first + start, quantised.subarray(at, end))) return false;
    at = end;
  }
  return true;
}

export function gridFeedback(
  x: Float32Array,
  e: Float32Array,
  grid: Grid,
  key: Key | undefined,
  first: number,
  rest: Float32Array,
  quantised: Uint8Array,
): boolean {
  sameLength(x.length, e, rest);
  add(x, e, rest);
  if (!toGrid(rest, grid, key, first, quantised)) return false;
  addGrid(quantised, grid, -1, rest);
  return true;
}

export function fromGrid(quantised: Uint8Array, grid: Grid, out: Float32Array): void {
  checkGrid(grid, out.length, quantised);
  eachValue(quantised, grid, out.length, (i, value) => {
    out[i] = value;
  });
}

export function addGrid(quantised: Uint8Array, grid: Grid, weight: number, out: Float32Array): void {
  checkGrid(grid, out.length, quantised);
  const factor = fround(weight);
  eachValue(quantised, grid, out.length, (i, value) => {
    out[i] = out[i]! + fround(factor * value);
  });
}

function fillBucket(x: Float32Array, grid: Grid, key: Key | undefined, first: number, quantised: Uint8Array): boolean {
  const randomBits = key === undefined ? 0 : fractionBits(grid.bits);
  const { step, low, scale, inverse } = fit(x, grid, 2 ** randomBits);
  if (step > LARGEST) return false;
  const view = new DataView(quantised.buffer, quantised.byteOffset, quantised.byteLength);
  view.setFloat32(0, step, true);
  if (!grid.symmetric) view.setFloat32(4, low, true);
  const scaledLow = fround(low * scale);
  const codes = new Codes(quantised.subarray(headerBytes(grid)).fill(0), grid.bits);
  const zero = zeroOf(grid);
  for (let i = 0; i < x.length; i++) {
    const place = fround(fround(fround(x[i]! * scale) - scaledLow) * inverse);
    const whole = nearest(place); // in steps, or in 2^-randomBits of a step
    const random = key === undefined ? 0 : chance(key.k0, key.k1, first, i, randomBits);
    codes.set(i, zero + Math.floor((whole + random) / 2 ** randomBits));
  }
  return true;
}

interface Fit {
  readonly step: number;
  readonly low: number;
  /** A power of two that takes the entries out of the range where f32 underflows or overflows. */
  readonly scale: number;
  /** (x·scale − low·scale)·inverse counts steps, each `fine` times. */
  readonly inverse: number;
}

function fit(x: Float32Array, grid: Grid, fine: number): Fit {
  let least = x[0]!;
  let most = x[0]!;
  for (let i = 1; i < x.length; i++) {
    least = Math.min(least, x[i]!);
    most = Math.max(most, x[i]!);
  }
  const magnitude = Math.max(Math.abs(least), Math.abs(most));
  if (magnitude === 0) return { step: 0, low: 0, scale: 1, inverse: 0 };
  const scale = magnitude < 2 ** -64 ? 2 ** 64 : magnitude > 2 ** 64 ? 2 ** -64 : 1;
  const low = grid.symmetric || least === 0 ? 0 : least;
  const range = grid.symmetric ? magnitude * scale : fround(fround(most * scale) - fround(low * scale));
  const levels = levelsOf(grid);
  const step = range / levels / scale;
  if (step >= NORMAL) return { step: fround(step), low, scale, inverse: fround((levels * fine) / range) };
  // A subnormal step is rounded up and the steps are counted by what it became, so that all entries stay in reach.
  const whole = Math.ceil(step / SMALLEST) * SMALLEST;
  return { step: whole, low, scale, inverse: range === 0 ? 0 : fround(fine / (whole * scale)) };
}

/** Calls `visit` with each entry's index and value. */
function eachValue(quantised: Uint8Array, grid: Grid, length: number, visit: (i: number, value: number) => void): void {
  const view = new DataView(quantised.buffer, quantised.byteOffset, quantised.byteLength);
  const zero = zeroOf(grid);
  let at = 0;
  for (let start = 0; start < length; start += grid.bucket) {
    const count = Math.min(grid.bucket, length - start);
    const step = view.getFloat32(at, true);
    const low = grid.symmetric ? 0 : view.getFloat32(at + 4, true);
    const value = values(step, low, levelsOf(grid));
    const end = at + bucketBytes(grid, count);
    const codes = new Codes(quantised.subarray(at + headerBytes(grid), end), grid.bits);
    for (let i = 0; i < count; i++) visit(start + i, value(codes.get(i) - zero));
    at = end;
  }
}

/** The value of the point so many steps above low; in f64, and held within f32, where f32 might overflow on the way. */
function values(step: number, low: number, levels: number): (steps: number) => number {
  if (levels * step + Math.abs(low) <= 2 ** 127) return (steps) => fround(fround(steps * step) + low);
  return (steps) => fround(Math.max(-LARGEST, Math.min(LARGEST, low + steps * step)));
}

/** The code of value 0 of a symmetric grid; codes are not signed. */
const zeroOf = (grid: Grid): number => (grid.symmetric ? levelsOf(grid) : 0);

/** Codes of a fixed width, least significant bit first. */
class Codes {
  readonly #bytes: Uint8Array;
  readonly #bits: number;

  constructor(bytes: Uint8Array, bits: number) {
    this.#bytes = bytes;
    this.#bits = bits;
  }

  /** The bits must be 0 before. */
  set(i: number, code: number): void {
    const at = (i * this.#bits) >>> 3;
    const word = code << ((i * this.#bits) & 7);
    this.#bytes[at]! |= word;
    if (word > 255) this.#bytes[at + 1]! |= word >>> 8;
  }

  get(i: number): number {
    const at = (i * this.#bits) >>> 3;
    const word = this.#bytes[at]! | ((this.#bytes[at + 1] ?? 0) << 8);
    return (word >>> ((i * this.#bits) & 7)) & (2 ** this.#bits - 1);
  }
}
