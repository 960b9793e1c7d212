import assert from "node:assert/strict";
import { test } from "node:test";
import { countRight } from "./accuracy.ts";

test("the largest score wins, the first among equals, and no number never does", () => {
  const scores = Float32Array.of(0, 2, 1, /**/ 3, 3, 0, /**/ 1, Number.NaN, 0, /**/ -3, -2, -1);
  assert.equal(countRight(scores, Int32Array.of(1, 0, 0, 2)), 3);
  assert.equal(countRight(scores, Int32Array.of(2, 1, 1, 0)), 0);
});

test("of one score a row, what is above 0 is class 1", () => {
  const scores = Float32Array.of(0.5, -0.5, 0, Number.NaN);
  assert.equal(countRight(scores, Int32Array.of(1, 0, 0, 0)), 3);
  assert.equal(countRight(scores, Int32Array.of(0, 1, 1, 1)), 0);
});
