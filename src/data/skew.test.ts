import assert from "node:assert/strict";
import { test } from "node:test";
import { skewOf } from "./skew.ts";

const data = { rows: 8, targets: Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1), classes: 2 };

test("peers with the mix of all have no skew and all classes", () => {
  const parts = [Uint32Array.of(0, 4), Uint32Array.of(1, 2, 3, 5, 6, 7)];
  assert.deepEqual(skewOf(data, parts), { l1: 0, effectiveClasses: 2, rowsMin: 2, rowsMax: 6 });
});

test("peers with one class each lie 2(1 − 1/classes) from the mix of all", () => {
  const parts = [Uint32Array.of(0, 1, 2, 3), Uint32Array.of(4, 5, 6, 7)];
  assert.deepEqual(skewOf(data, parts), { l1: 1, effectiveClasses: 1, rowsMin: 4, rowsMax: 4 });
});

test("a peer counts by its rows", () => {
  // Six rows of mix (2/3, 1/3) at distance 1/3, two rows of mix (0, 1) at distance 1.
  const { l1 } = skewOf(data, [Uint32Array.of(0, 1, 2, 3, 4, 5), Uint32Array.of(6, 7)]);
  assert.ok(Math.abs(l1 - (6 * (1 / 3) + 2) / 8) < 1e-12);
});
