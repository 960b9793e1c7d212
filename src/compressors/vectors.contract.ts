/**
 * Vectors that bring out what compressors get wrong, for the contract suites.
 */
import fc from "fast-check";
import { Random } from "../base/random.ts";

export type Family =
  | "normal"
  | "heavy-tailed"
  | "sparse"
  | "constant"
  | "one histogram bin"
  | "many ties"
  | "tiny"
  | "huge"
  | "largest"
  | "subnormal"
  | "one subnormal"
  | "zero"
  | "zeros of both signs";

const FAMILIES: Record<Family, (rng: Random, i: number) => number> = {
  normal: (rng, i) => rng.normal(i),
  "heavy-tailed": (rng, i) => rng.normal(2 * i) / (0.01 + rng.uniform(4 * i + 3)),
  sparse: (rng, i) => (rng.uniform(2 * i) < 0.03 ? rng.normal(i) : 0),
  constant: () => -0.7,
  "one histogram bin": (rng, i) => (rng.u32(2 * i) % 2 === 0 ? 1 : -1) * (1 + rng.uniform(2 * i + 1) / 8.1),
  "many ties": (rng, i) => (rng.u32(i) % 5) - 2,
  tiny: (rng, i) => 1e-30 * rng.normal(i),
  huge: (rng, i) => 1e30 * rng.normal(i),
  largest: (rng, i) => (rng.u32(i) % 2 === 0 ? 3.4028234e38 : -3.4028234e38),
  subnormal: (rng, i) => 1e-42 * rng.normal(i),
  "one subnormal": (_, i) => (i === 0 ? 2 ** -149 : 0),
  zero: () => 0,
  "zeros of both signs": (rng, i) => (rng.u32(i) % 2 === 0 ? 0 : -0),
};

// Object.keys forgets that the keys are families.
export const families: readonly Family[] = Object.keys(FAMILIES) as Family[];

export const someVector = (family: Family, length: number, rng: Random): Float32Array =>
  Float32Array.from({ length }, (_, i) => FAMILIES[family](rng, i));

/** Any finite vector of 0 to `most` entries: from a family, or of arbitrary entries. */
export const vectors = (most: number): fc.Arbitrary<Float32Array> =>
  fc.oneof(
    fc
      .tuple(fc.constantFrom(...families), fc.nat(most), fc.nat())
      .map(([family, length, seed]) => someVector(family, length, Random.fromSeed(seed))),
    fc.float32Array({ maxLength: Math.min(most, 40), noNaN: true, noDefaultInfinity: true }),
  );

/** `vectors` whose entries stay below 1e30, so that sums of a few of them stay finite. */
export const moderateVectors = (most: number): fc.Arbitrary<Float32Array> =>
  vectors(most).map((x) => x.map((value) => (Math.abs(value) < 1e30 ? value : value * 1e-9)));

/** Byte strings near to valid messages: cut, extended, with bits flipped or bytes replaced. */
export const damaged = (message: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ maxLength: message.length + 4 }),
    fc.nat(Math.max(0, message.length - 1)).map((length) => message.slice(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 4 }).map((tail) => Uint8Array.of(...message, ...tail)),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }).map((changes) => {
      const copy = message.slice();
      for (const [at, mask] of changes) if (copy.length > 0) copy[at % copy.length]! ^= mask;
      return copy;
    }),
  );
