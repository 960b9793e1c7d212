import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError } from "../base/errors.ts";
import { log } from "../base/maths.ts";
import { Random } from "../base/random.ts";
import { BitReader, BitWriter } from "./bits.ts";
import { ByteSource } from "./bytes.ts";
import { golombBits, golombDivisor, MAX_DIVISOR, readGolomb, writeGolomb } from "./golomb.ts";
import { riceBits, riceParameter } from "./positions.ts";

function coded(values: readonly number[], divisor: number): { bytes: Uint8Array; bits: number } {
  const bits = values.reduce((sum, j) => sum + golombBits(j, divisor), 0);
  const bytes = new Uint8Array(Math.ceil(bits / 8));
  const writer = new BitWriter(bytes);
  for (const j of values) writeGolomb(j, divisor, writer);
  writer.finish();
  return { bytes, bits };
}

function code(j: number, divisor: number): string {
  const { bytes, bits } = coded([j], divisor);
  return [...bytes]
    .map((byte) => byte.toString(2).padStart(8, "0"))
    .join("")
    .slice(0, bits);
}

test("the published codes of M = 5 and M = 3", () => {
  const codes = (divisor: number, count: number) => Array.from({ length: count }, (_, j) => code(j, divisor)).join(",");
  assert.equal(codes(5, 8), "000,001,010,0110,0111,1000,1001,1010");
  assert.equal(codes(3, 6), "00,010,011,100,1010,1011");
});

test("M = 1 is unary and M = 2^b the Rice code", () => {
  assert.equal(code(4, 1), "11110");
  assert.equal(code(13, 4), "111001");
  fc.assert(
    fc.property(fc.nat(5000), fc.integer({ min: 0, max: 12 }), (j, b) => {
      assert.equal(golombBits(j, 2 ** b), riceBits(Uint32Array.of(j), b));
    }),
  );
});

test("the published best divisors", () => {
  const table = [
    [0.01, 69],
    [0.05, 14],
    [0.1, 7],
    [0.5, 1],
  ] as const;
  for (const [density, divisor] of table) assert.equal(golombDivisor(density * 1e6, 1e6), divisor, `p = ${density}`);
  assert.equal(golombDivisor(10, 10), 1);
  assert.equal(golombDivisor(1, 2 ** 28), MAX_DIVISOR);
});

test("at 1 % the best divisor takes 8.10501 bits a position on average", () => {
  const p = 0.01;
  let bits = 0;
  let chance = p;
  for (let j = 0; j < 5000; j++) {
    bits += chance * golombBits(j, 69);
    chance *= 1 - p;
  }
  assert.ok(Math.abs(bits - 8.10501) < 1e-4, `${bits}`);
});

test("positions of a random 1 % of the entries cost within 3 % of their entropy, by Golomb and by Rice", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const length = 500_000;
      const rng = Random.fromSeed(seed);
      const positions: number[] = [];
      for (let i = 0; i < length; i++) if (rng.u32(i) < 0.01 * 2 ** 32) positions.push(i);
      const p = positions.length / length;
      const entropy = (-length * (p * log(p) + (1 - p) * log(1 - p))) / Math.LN2;
      const divisor = golombDivisor(positions.length, length);
      const golomb = positions.reduce((sum, i, j) => sum + golombBits(i - (positions[j - 1] ?? -1) - 1, divisor), 0);
      const rice = riceBits(Uint32Array.from(positions), riceParameter(positions.length, length));
      for (const bits of [golomb, rice]) assert.ok(bits > 0.99 * entropy && bits < 1.03 * entropy, `${bits / entropy}`);
    }),
    { numRuns: 10 },
  );
});

test("any values come back, for any divisor", () => {
  const values = fc.array(fc.nat(3000), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(
      values,
      fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: MAX_DIVISOR })),
      (js, m) => {
        const { bytes } = coded(js, m);
        const source = new ByteSource(bytes);
        const reader = new BitReader(source);
        assert.deepEqual(
          js.map(() => readGolomb(m, 3000, reader)),
          js,
        );
        reader.finish();
        source.end();
      },
    ),
  );
});

test("a quotient above what is allowed, and a code cut short, are corrupt", () => {
  const { bytes } = coded([70], 7);
  assert.equal(readGolomb(7, 10, new BitReader(new ByteSource(bytes))), 70);
  assert.throws(() => readGolomb(7, 9, new BitReader(new ByteSource(bytes))), CorruptError);
  assert.throws(() => readGolomb(5000, 9, new BitReader(new ByteSource(Uint8Array.of(0)))), CorruptError);
});
