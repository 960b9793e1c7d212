import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { froundUp } from "./fround-up.ts";

/** The largest f32. */
const LARGEST = 2 ** 128 - 2 ** 104;

test("an f32 stays, and what lies behind it goes to the next one", () => {
  for (const v of [0, 2 ** -149, 1, 1.25, LARGEST, Number.POSITIVE_INFINITY]) assert.equal(froundUp(v), v);
  assert.equal(froundUp(1 + 2 ** -50), 1 + 2 ** -23);
  assert.equal(froundUp(2 ** -200), 2 ** -149);
  assert.equal(froundUp(LARGEST * (1 + 2 ** -50)), Number.POSITIVE_INFINITY);
  assert.ok(Number.isNaN(froundUp(Number.NaN)));
});

test("it is an f32, not below, and at most one step above what rounding to nearest gives", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 3e38, noNaN: true }), (v) => {
      const up = froundUp(v);
      assert.equal(up, Math.fround(up));
      assert.ok(up >= v && up <= Math.fround(v) * (1 + 2 ** -22) + 2 ** -149);
    }),
  );
});
