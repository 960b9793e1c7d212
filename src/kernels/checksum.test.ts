import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Kernels, kernels, twin } from "./index.ts";

const engines: readonly Kernels[] = [twin, kernels];

/** Bytes 0, 1, 2, … mod 251, so that no two stripes are alike. */
const frame = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

/** Length of `frame`, seed, checksum. */
const VECTORS: readonly (readonly [length: number, seed: number, checksum: number])[] = [
  [0, 0, 0xce0c8143],
  [0, 1, 0xf2e3db40],
  [1, 0, 0xddcecc85],
  [24, 0, 0xd668ed2a],
  [63, 0, 0xc6f1fde0],
  [64, 0, 0x661aad02],
  [64, 0xffffffff, 0x669771e5],
  [65, 7, 0x1094d7f6],
  [1000, 0, 0xedfc627b],
  [100000, 0x9e3779b9, 0x07fb423d],
];

for (const k of engines) {
  test(`${k.engine}: checksums are the published ones`, () => {
    for (const [length, seed, checksum] of VECTORS) assert.equal(k.checksum(frame(length), seed), checksum);
  });

  test(`${k.engine}: any single flipped bit changes the checksum`, () => {
    for (const length of [1, 24, 63, 64, 65, 200]) {
      const bytes = frame(length);
      const intact = k.checksum(bytes, 7);
      for (let bit = 0; bit < 8 * length; bit++) {
        bytes[bit >>> 3]! ^= 1 << (bit & 7);
        assert.notEqual(k.checksum(bytes, 7), intact, `bit ${bit} of ${length} bytes`);
        bytes[bit >>> 3]! ^= 1 << (bit & 7);
      }
    }
  });

  test(`${k.engine}: any damage within one word is found, in frames of many pieces too`, () => {
    const length = 200_000;
    const bytes = frame(length);
    const words = new DataView(bytes.buffer);
    const intact = k.checksum(bytes, 0);
    fc.assert(
      fc.property(fc.nat({ max: length / 4 - 1 }), fc.integer({ min: 1, max: 2 ** 32 - 1 }), (at, damage) => {
        words.setUint32(4 * at, words.getUint32(4 * at) ^ damage);
        assert.notEqual(k.checksum(bytes, 0), intact);
        words.setUint32(4 * at, words.getUint32(4 * at) ^ damage);
      }),
      { numRuns: 50 },
    );
  });

  test(`${k.engine}: length, seed and order count`, () => {
    const zeros = Array.from({ length: 200 }, (_, length) => k.checksum(new Uint8Array(length), 0));
    const seeds = Array.from({ length: 200 }, (_, seed) => k.checksum(frame(100), seed + 1));
    assert.equal(new Set([...zeros, ...seeds]).size, 400);
    const swapped = frame(128);
    swapped.copyWithin(0, 64);
    swapped.set(frame(64), 64);
    assert.notEqual(k.checksum(swapped, 0), k.checksum(frame(128), 0));
  });
}
