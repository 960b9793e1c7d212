import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError } from "../base/errors.ts";
import { BitReader, BitWriter } from "./bits.ts";
import { ByteSource } from "./bytes.ts";
import {
  deltaBits,
  gammaBits,
  omegaBits,
  readDelta,
  readGamma,
  readOmega,
  writeDelta,
  writeGamma,
  writeOmega,
} from "./elias.ts";

const codes = {
  gamma: { bits: gammaBits, write: writeGamma, read: readGamma },
  delta: { bits: deltaBits, write: writeDelta, read: readDelta },
  omega: { bits: omegaBits, write: writeOmega, read: readOmega },
} as const;

type Code = (typeof codes)[keyof typeof codes];

/** The code of n as a text of zeros and ones. */
function written(code: Code, n: number): string {
  const bytes = new Uint8Array(Math.ceil(code.bits(n) / 8));
  const bits = new BitWriter(bytes);
  code.write(n, bits);
  bits.finish();
  return [...bytes]
    .map((byte) => byte.toString(2).padStart(8, "0"))
    .join("")
    .slice(0, code.bits(n));
}

function read(code: Code, bits: string): number {
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
  const source = new ByteSource(Uint8Array.from(padded.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2)));
  const reader = new BitReader(source);
  const n = code.read(reader, source);
  reader.finish();
  source.end();
  return n;
}

test("small numbers have the published codes", () => {
  const table = [
    [1, "1", "1", "0"],
    [2, "010", "0100", "100"],
    [3, "011", "0101", "110"],
    [4, "00100", "01100", "101000"],
    [5, "00101", "01101", "101010"],
    [8, "0001000", "00100000", "1110000"],
    [16, "000010000", "001010000", "10100100000"],
    [100, "0000001100100", "00111100100", "1011011001000"],
  ] as const;
  for (const [n, gamma, delta, omega] of table) {
    assert.deepEqual(
      [written(codes.gamma, n), written(codes.delta, n), written(codes.omega, n)],
      [gamma, delta, omega],
    );
  }
  assert.deepEqual([written(codes.delta, 1000), written(codes.omega, 1000)], ["0001010111101000", "11100111111010000"]);
});

test("larger numbers have the published lengths", () => {
  assert.equal(gammaBits(1000), 19);
  assert.deepEqual([gammaBits(1e6), deltaBits(1e6), omegaBits(1e6)], [39, 28, 31]);
});

const numbers = fc.oneof(
  fc.integer({ min: 1, max: 600 }),
  fc.integer({ min: 1, max: 2 ** 32 }),
  fc.constantFrom(2 ** 24 - 1, 2 ** 24, 2 ** 25, 2 ** 31, 2 ** 32 - 1, 2 ** 32),
);

for (const [name, code] of Object.entries(codes)) {
  test(`${name}: a sequence of numbers comes back, and takes the bits that were counted`, () => {
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 30 }), (all) => {
        const bytes = new Uint8Array(Math.ceil(all.reduce((sum, n) => sum + code.bits(n), 0) / 8));
        const writer = new BitWriter(bytes);
        for (const n of all) code.write(n, writer);
        writer.finish(); // asserts that the room was filled
        const source = new ByteSource(bytes);
        const reader = new BitReader(source);
        for (const n of all) assert.equal(code.read(reader, source), n);
        reader.finish();
        source.end();
      }),
    );
  });

  test(`${name}: any bytes give a number from 1 to 2^32, or a CorruptError`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        const source = new ByteSource(bytes);
        try {
          const n = code.read(new BitReader(source), source);
          assert.ok(Number.isInteger(n) && n >= 1 && n <= 2 ** 32);
        } catch (error) {
          assert.ok(error instanceof CorruptError, String(error));
        }
      }),
    );
  });
}

test("codes of more than 2^32 are corrupt", () => {
  const one = 2 ** 32 + 1;
  assert.throws(() => read(codes.gamma, "0".repeat(32) + one.toString(2)), /2\^32/);
  assert.throws(() => read(codes.gamma, "0".repeat(300)), /2\^32/);
  assert.throws(() => read(codes.delta, `00000100001${one.toString(2).slice(1)}`), /2\^32/);
  assert.throws(() => read(codes.delta, `00000100010${"0".repeat(33)}`), /2\^32/); // a length of 34
  assert.throws(() => read(codes.omega, `10101100000${one.toString(2)}0`), /2\^32/);
  assert.throws(() => read(codes.omega, `10101100000${"1".repeat(200)}`), /2\^32/);
});
