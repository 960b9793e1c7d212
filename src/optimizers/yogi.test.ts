import assert from "node:assert/strict";
import { test } from "node:test";
import { layoutOf } from "../base/layout.ts";
import { adam } from "./adam.ts";
import { yogi } from "./yogi.ts";

const layout = layoutOf([["x", [1]]]);
const run = (optimizer: ReturnType<typeof yogi>, gradients: readonly number[]): number => {
  const x = new Float64Array(1);
  const stepper = optimizer.open(layout, (length) => new Float64Array(length));
  for (const g of gradients) stepper.step(x, Float64Array.of(g), 0.1);
  return x[0]!;
};

test("Yogi's first step is Adam's", () => {
  const options = { b2: 0.9, eps: 0.01 };
  assert.ok(Math.abs(run(yogi(options), [2]) - run(adam(options), [2])) < 1e-15);
});

test("when gradients shrink, Yogi's average of squares falls by their squares and not by a share of itself", () => {
  // m = 0.2, 0.19;  v = 0.1 · 2² = 0.4, then 0.4 − 0.1 · 0.1²
  const expected = -0.1 * (0.2 / (Math.sqrt(0.4) + 0.01) + 0.19 / (Math.sqrt(0.399) + 0.01));
  assert.ok(Math.abs(run(yogi({ b2: 0.9, eps: 0.01, correct: false }), [2, 0.1]) - expected) < 1e-15);
});

test("where the square is what the average was, Yogi leaves it", () => {
  // m = 0.1, 0.14;  v = 0.25 = g²: sign(0) = 0
  const expected = -0.1 * (0.1 / (0.5 + 0.01) + 0.14 / (0.5 + 0.01));
  assert.ok(Math.abs(run(yogi({ b2: 0.75, eps: 0.01, correct: false }), [1, 0.5]) - expected) < 1e-15);
});
