/** Vectors for the kernels' tests: nasty values, lengths around every boundary, and all places a vector can lie in. */
import fc from "fast-check";
import { Random } from "../base/random.ts";
import { bytesVector } from "./index.ts";

const { fround } = Math;

const NASTY = [
  0,
  -0,
  1,
  -1,
  2 ** -149,
  -(2 ** -149),
  2 ** -127,
  2 ** -126,
  3.4e38,
  -3.4e38,
  65504,
  65519,
  65520,
  70000,
];
const NON_FINITE = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** 0 … 70, and a few entries either side of blocks of 4096 and pieces of 16384. */
export const lengths: fc.Arbitrary<number> = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 70 }), weight: 3 },
  fc
    .tuple(fc.constantFrom(4096, 8192, 16384, 32768), fc.integer({ min: -18, max: 18 }))
    .map(([boundary, by]) => boundary + by),
);

/** How entries are drawn: the seed, and whether all are finite or one is NaN or infinite. */
export interface Draw {
  readonly seed: number;
  readonly finite: boolean;
}

export const draws: fc.Arbitrary<Draw> = fc.record({ seed: fc.nat(), finite: fc.constant(true) });
export const wildDraws: fc.Arbitrary<Draw> = fc.record({ seed: fc.nat(), finite: fc.boolean() });

/** Fills `x` with heavy-tailed entries of all magnitudes, one in eight of them nasty. */
export function fill(x: Float32Array, { seed, finite }: Draw, name: string): Float32Array {
  const rng = Random.fromSeed(seed).split(name);
  for (let i = 0; i < x.length; i++) {
    const choice = rng.u32(2 * i) % 64;
    if (choice < 8) x[i] = NASTY[rng.below(2 * i + 1, NASTY.length)]!;
    else if (choice < 16) x[i] = bitsToFloat(rng.u32(2 * i + 1));
    else x[i] = (rng.uniform(2 * i + 1) - 0.5) * 2 ** ((choice % 16) - 8);
    if (!Number.isFinite(x[i])) x[i] = 0;
  }
  // One bad entry, so that a kernel that looks at part of the vector only is found out.
  if (!finite && x.length > 0) x[rng.below(0, x.length)] = NON_FINITE[rng.below(1, 3)]!;
  return x;
}

const pattern = new DataView(new ArrayBuffer(4));

function bitsToFloat(bits: number): number {
  pattern.setUint32(0, bits);
  return fround(pattern.getFloat32(0));
}

/** Where an array lies: in the kernels' memory or elsewhere, and `shift` entries behind an aligned address. */
export interface Place {
  readonly inside: boolean;
  readonly shift: number;
}

export const places: fc.Arbitrary<Place> = fc.record({
  inside: fc.boolean(),
  shift: fc.constantFrom(0, 0, 1, 2, 3, 5),
});

const GUARD = 64;
const GUARD_BYTE = 0x5a;

/** The bytes before and behind every array made since the last look. */
let guards: Uint8Array[] = [];

/** True if no kernel wrote beside the arrays made since the last call. */
export function guardsHold(): boolean {
  const hold = guards.every((guard) => guard.every((byte) => byte === GUARD_BYTE));
  guards = [];
  return hold;
}

/** Room for `count` bytes in a place, between guards, `shift` steps of `align` bytes behind an aligned address. */
function roomIn(
  { inside, shift }: Place,
  count: number,
  align: number,
): readonly [buffer: ArrayBufferLike, at: number] {
  const size = GUARD + shift * align + count + GUARD;
  const all = inside ? bytesVector(size) : new Uint8Array(size);
  const start = GUARD + shift * align;
  guards.push(all.subarray(0, start).fill(GUARD_BYTE), all.subarray(start + count).fill(GUARD_BYTE));
  return [all.buffer, all.byteOffset + start];
}

/** A zeroed f32 vector in a place. */
export const floatsIn = (place: Place, length: number): Float32Array =>
  new Float32Array(...roomIn(place, 4 * length, 4), length);

/** Zeroed bytes in a place. */
export const bytesIn = (place: Place, length: number): Uint8Array =>
  new Uint8Array(...roomIn(place, length, 1), length);

/** Zeroed u32 words in a place. */
export const wordsIn = (place: Place, length: number): Uint32Array =>
  new Uint32Array(...roomIn(place, 4 * length, 4), length);

/** Zeroed i16 numbers in a place. */
export const wholeIn = (place: Place, length: number): Int16Array =>
  new Int16Array(...roomIn(place, 2 * length, 2), length);
