import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { normalCdf, normalQuantile } from "./normal.ts";

function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}

test("the distribution function has its tabulated values", () => {
  const known = [
    [0, 0.5],
    [-0.5, 0.3085375387259869],
    [1, 0.8413447460685429],
    [1.96, 0.9750021048517795],
    [-3, 0.0013498980316300933],
    [6, 0.9999999990134123],
    [40, 1],
    [-40, 0],
  ] as const;
  for (const [x, p] of known) near(normalCdf(x), p, 1e-15);
});

test("the quantile has its tabulated values and undoes the distribution function", () => {
  near(normalQuantile(0.5), 0, 0);
  near(normalQuantile(0.975), 1.959963984540054, 1e-12);
  near(normalQuantile(0.001), -3.090232306167813, 1e-12);
  near(normalQuantile(1 - 1e-9), 5.997807015, 1e-6);
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (x) => near(normalQuantile(normalCdf(x)), x, 1e-12)),
  );
});

test("the quantile ends for every probability, and is infinite at 0 and 1", () => {
  for (const p of [Number.MIN_VALUE, 1e-300, 1 - 2 ** -53, 1e-16]) assert.ok(!Number.isNaN(normalQuantile(p)));
  assert.equal(normalQuantile(0), Number.NEGATIVE_INFINITY);
  assert.equal(normalQuantile(1), Number.POSITIVE_INFINITY);
  assert.ok(Number.isNaN(normalQuantile(-1)) && Number.isNaN(normalQuantile(Number.NaN)));
});
