import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError } from "../base/errors.ts";
import { BitReader, BitWriter } from "./bits.ts";
import { ByteSource } from "./bytes.ts";
import { packedBytes, packFixed, unpackFixed } from "./fixed-width.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("values of 3 bits pack most significant bit first as published", () => {
  const bytes = new Uint8Array(3);
  const writer = new BitWriter(bytes);
  for (const value of [1, 2, 3, 4, 5, 6, 7, 0]) writer.put(value, 3);
  writer.finish();
  assert.equal(hex(bytes), "29cbb8");
});

test("values of 3 bits pack least significant bit first as published", () => {
  const bytes = new Uint8Array(packedBytes(8, 3));
  packFixed([1, 2, 3, 4, 5, 6, 7, 0], 3, bytes);
  assert.equal(hex(bytes), "d1581f");
});

type Step = { unary: number } | { value: number; width: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ unary: fc.oneof(fc.nat(30), fc.nat(200)) }),
    fc
      .record({ value: fc.nat(2 ** 24 - 1), width: fc.integer({ min: 0, max: 24 }) })
      .map(({ value, width }) => ({ value: value % 2 ** width, width })),
  ),
  { maxLength: 60 },
);

const sizeOf = (all: Step[]) => all.reduce((sum, s) => sum + ("unary" in s ? s.unary + 1 : s.width), 0);

test("a reader gives back what a writer wrote, bit for bit, and stops at the last byte", () => {
  fc.assert(
    fc.property(steps, fc.uint8Array({ maxLength: 5 }), (all, behind) => {
      const bytes = new Uint8Array(Math.ceil(sizeOf(all) / 8));
      const writer = new BitWriter(bytes);
      for (const step of all) "unary" in step ? writer.unary(step.unary) : writer.put(step.value, step.width);
      writer.finish();
      const source = new ByteSource(Uint8Array.of(...bytes, ...behind));
      const reader = new BitReader(source);
      for (const step of all) {
        if ("unary" in step) assert.equal(reader.unary(200), step.unary);
        else assert.equal(reader.take(step.width), step.value);
      }
      reader.finish();
      assert.equal(source.remaining, behind.length);
    }),
  );
});

test("a run of ones above its bound, or that meets the end, is corrupt", () => {
  const reader = (...bytes: number[]) => new BitReader(new ByteSource(Uint8Array.of(...bytes)));
  assert.equal(reader(0xff, 0xfe).unary(15), 15);
  assert.throws(() => reader(0xff, 0xfe).unary(14), CorruptError);
  assert.throws(() => reader(0xff, 0xff, 0xff, 0xff, 0xff).unary(1000), CorruptError);
  assert.throws(() => reader().unary(1), CorruptError);
  assert.throws(() => reader(0).take(9), CorruptError);
});

test("padding that is not zero is corrupt", () => {
  const reader = new BitReader(new ByteSource(Uint8Array.of(0b10100001)));
  reader.take(3);
  assert.throws(() => reader.finish(), CorruptError);
});

test("fixed-width packs give back every value of every width", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 ** 24 - 1), { maxLength: 40 }), fc.integer({ min: 1, max: 24 }), (raw, width) => {
      const values = Uint32Array.from(raw, (value) => value % 2 ** width);
      const packed = new Uint8Array(packedBytes(values.length, width));
      packFixed(values, width, packed);
      const out = new Uint32Array(values.length);
      unpackFixed(new ByteSource(packed), width, out);
      assert.deepEqual(out, values);
    }),
  );
});

test("unused bits of a fixed-width pack must be 0", () => {
  assert.throws(() => unpackFixed(new ByteSource(Uint8Array.of(0b1000_0101)), 3, new Uint8Array(2)), CorruptError);
  assert.throws(() => unpackFixed(new ByteSource(Uint8Array.of(1)), 3, new Uint8Array(3)), CorruptError);
});
