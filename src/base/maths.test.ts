import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cos, exp, log, pow, sin } from "./maths.ts";

/** Distance in units in the last place of `expected`. */
function ulps(value: number, expected: number): number {
  if (Object.is(value, expected) || value === expected) return 0;
  const spacing = Math.max(2 ** -1074, 2 ** (Math.floor(Math.log2(Math.abs(expected))) - 52));
  return Math.abs(value - expected) / spacing;
}

const near = (value: number, expected: number, limit: number, what: string): void =>
  assert.ok(ulps(value, expected) <= limit, `${what} = ${value}, expected ${expected}`);

const bits = (x: number): string => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
};

const double = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
const RUNS = { numRuns: 2000 };

test("log agrees with the engine's to 2 ulp over all positive numbers", () => {
  fc.assert(
    fc.property(double(Number.MIN_VALUE, Number.MAX_VALUE), (x) => near(log(x), Math.log(x), 2, `log(${x})`)),
    RUNS,
  );
  fc.assert(
    fc.property(double(0.5, 2), (x) => near(log(x), Math.log(x), 2, `log(${x})`)),
    RUNS,
  );
});

test("exp agrees with the engine's to 2 ulp from underflow to overflow", () => {
  fc.assert(
    fc.property(double(-708, 709.78), (x) => near(exp(x), Math.exp(x), 2, `exp(${x})`)),
    RUNS,
  );
  fc.assert(
    fc.property(double(-1, 1), (x) => near(exp(x), Math.exp(x), 2, `exp(${x})`)),
    RUNS,
  );
  fc.assert(
    fc.property(double(-745, -708), (x) => near(exp(x), Math.exp(x), 2, `exp(${x})`)),
    RUNS,
  );
});

test("sin and cos agree with the engine's: 2 ulp within a turn, 10⁻¹⁵ absolutely within 10⁵", () => {
  fc.assert(
    fc.property(double(-Math.PI, Math.PI), (x) => {
      near(sin(x), Math.sin(x), 2, `sin(${x})`);
      near(cos(x), Math.cos(x), 2, `cos(${x})`);
    }),
    RUNS,
  );
  fc.assert(
    fc.property(double(-1e5, 1e5), (x) => {
      assert.ok(Math.abs(sin(x) - Math.sin(x)) < 1e-15 && Math.abs(cos(x) - Math.cos(x)) < 1e-15, `x = ${x}`);
    }),
    RUNS,
  );
});

test("pow agrees with the engine's to a relative error of (|y| + |y log x|)·2⁻⁵¹ + 2⁻⁵¹", () => {
  const agrees = (x: number, y: number): void => {
    const expected = x ** y;
    fc.pre(expected > 1e-290 && expected < 1e290);
    const bound = (1 + Math.abs(y) + Math.abs(y * Math.log(x))) * 2 ** -51;
    assert.ok(Math.abs(pow(x, y) / expected - 1) <= bound, `pow(${x}, ${y}) = ${pow(x, y)}, expected ${expected}`);
  };
  fc.assert(fc.property(double(1e-6, 1e6), double(-20, 20), agrees), RUNS);
  fc.assert(fc.property(double(0.5, 2), fc.integer({ min: -900, max: 900 }), agrees), RUNS);
});

test("identities that hold exactly", () => {
  assert.equal(log(1), 0);
  assert.equal(exp(0), 1);
  assert.equal(cos(0), 1);
  assert.equal(sin(0), 0);
  for (let k = -1074; k < 1024; k++) assert.equal(log(2 ** k), Math.log(2 ** k), `log 2^${k}`);
  for (let n = 0, power = 1; power <= 2 ** 53; n++, power *= 3) assert.equal(pow(3, n), power);
  fc.assert(fc.property(double(-1e5, 1e5), (x) => cos(-x) === cos(x) && sin(-x) === -sin(x)));
  fc.assert(fc.property(double(0, 1e300), (x) => pow(x, 1) === x && pow(x, 0) === 1));
});

test("special values are as IEEE 754 has them", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf, NEGATIVE_INFINITY: minusInf } = Number;
  assert.deepEqual([nan, -1, 0, -0, inf].map(log), [nan, nan, minusInf, minusInf, inf]);
  assert.deepEqual([nan, minusInf, -746, 710, inf].map(exp), [nan, 0, 0, inf, inf]);
  assert.deepEqual([nan, inf, minusInf].map(sin), [nan, nan, nan]);
  assert.deepEqual([nan, inf, minusInf].map(cos), [nan, nan, nan]);
  assert.deepEqual([pow(0, 0.5), pow(0, -0.5), pow(0, 0), pow(2, -1074), pow(2, 1024)], [0, inf, 1, 2 ** -1074, inf]);
  assert.deepEqual([pow(nan, 2), pow(0, nan), pow(2, nan), pow(4, 0.5)], [nan, nan, nan, 2]);
  assert.ok(Math.abs(pow(2, -1024) / 2 ** -1024 - 1) < 1e-12);
  assert.equal(pow(Number.POSITIVE_INFINITY, -1), 0);
});

test("the bits are pinned: another engine must give the same", () => {
  assert.deepEqual(
    PINNED.map(([text]) => [text, bits(EVALUATED[text]!)]),
    PINNED,
  );
});

const EVALUATED: Readonly<Record<string, number>> = {
  "log 0.1": log(0.1),
  "log 3": log(3),
  "log 1e-310": log(1e-310),
  "exp 1": exp(1),
  "exp -700.5": exp(-700.5),
  "exp -740": exp(-740),
  "sin 1": sin(1),
  "sin 31415.9": sin(31415.9),
  "cos 2": cos(2),
  "cos 99999": cos(99999),
  "pow 1.1 0.3": pow(1.1, 0.3),
  "pow 0.999 1000": pow(0.999, 1000),
};
const PINNED: readonly (readonly [string, string])[] = [
  ["log 0.1", "c0026bb1bbb55515"],
  ["log 3", "3ff193ea7aad030b"],
  ["log 1e-310", "c0864e69394d9508"],
  ["exp 1", "4005bf0a8b14576a"],
  ["exp -700.5", "00c4ff475c68ca02"],
  ["exp -740", "0000000000000055"],
  ["sin 1", "3feaed548f090cee"],
  ["sin 31415.9", "bf9b2b68fb05f39f"],
  ["cos 2", "bfdaa22657537205"],
  ["cos 99999", "bfe050e628324336"],
  ["pow 1.1 0.3", "3ff076cebe41bf7a"],
  ["pow 0.999 1000", "3fd788526411edac"],
];
