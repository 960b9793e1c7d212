import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decimal } from "./decimal.ts";
import { utf8 } from "./readers.contract.ts";

const read = (text: string): number => decimal(utf8(text), 0, utf8(text).length);

test("every way to write a finite number is read as JavaScript reads it", () => {
  for (const text of [
    "0",
    "7",
    "-12",
    "+3",
    "0.5",
    ".5",
    "5.",
    "1e3",
    "-1.5E-3",
    "999999999999999",
    "12345678901234567890",
    "-0",
    "-0.0",
    "0.000000000000001",
    "123456789012345.",
    "0.1234567890123456",
  ]) {
    assert.equal(read(text), Number(text), text);
  }
  fc.assert(fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => read(String(x)) === x));
  const digits = fc.stringMatching(/^\d{0,12}$/);
  fc.assert(
    fc.property(fc.constantFrom("", "-", "+"), digits, digits, (sign, whole, fraction) => {
      fc.pre(whole + fraction !== "");
      assert.ok(Object.is(read(`${sign}${whole}.${fraction}`), Number(`${sign}${whole}.${fraction}`)));
    }),
  );
  fc.assert(fc.property(fc.maxSafeInteger(), (n) => read(String(n)) === n));
});

test("what is no finite f32 is NaN", () => {
  for (const text of [
    "",
    "-",
    "+",
    ".",
    "e5",
    "1e",
    "1e400",
    "4e38",
    "nan",
    "Infinity",
    "0x1",
    "1 2",
    "--1",
    "1.2.3",
    "1..",
    "-.",
    "1".repeat(65),
  ]) {
    assert.equal(read(text), Number.NaN, JSON.stringify(text));
  }
});
