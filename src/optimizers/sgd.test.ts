import assert from "node:assert/strict";
import { test } from "node:test";
import { sgd } from "./sgd.ts";

/** f = ½ xᵀAx − bᵀx with A = [[3, 1], [1, 2]], b = (1, −1), from (1, 1). */
function iterates(
  momentum: number,
  learningRate: number,
  steps: number,
  rates = (_: number) => learningRate,
): number[][] {
  const stepper = sgd(momentum).open(2);
  const x = Float32Array.of(1, 1);
  const path: number[][] = [];
  for (let t = 0; t < steps; t++) {
    const g = Float32Array.of(3 * x[0]! + x[1]! - 1, x[0]! + 2 * x[1]! + 1);
    stepper.step(x, g, rates(t));
    path.push([...x]);
  }
  return path;
}

function assertNear(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(actual[i]! - value) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
  }
}

test("plain SGD follows the known trajectory on a quadratic", () => {
  const path = iterates(0, 0.1, 100);
  assertNear(path[0]!, [0.7, 0.6], 1e-6);
  assertNear(path[1]!, [0.53, 0.31], 1e-6);
  assertNear(path[2]!, [0.44, 0.095], 1e-6);
  assertNear(path[4]!, [0.38575, -0.19425], 1e-6);
  assertNear(path[99]!, [0.6, -0.8], 1e-5);
});

test("heavy ball with factor 0.9 follows the known trajectory on a quadratic", () => {
  const path = iterates(0.9, 0.1, 5);
  assertNear(path[0]!, [0.7, 0.6], 1e-6);
  assertNear(path[1]!, [0.26, -0.05], 1e-6);
  assertNear(path[2]!, [-0.109, -0.751], 1e-6);
  assertNear(path[4]!, [-0.0431, -1.64613], 1e-5);
});

test("a change of the learning rate rescales the whole history at once", () => {
  // x = 1, g = 1 always: v = 1, 1.9; with η 1 then 0.5 the second step moves by 0.5 · 1.9.
  const stepper = sgd(0.9).open(1);
  const x = Float32Array.of(0);
  const g = Float32Array.of(1);
  stepper.step(x, g, 1);
  stepper.step(x, g, 0.5);
  assertNear([...x], [-1 - 0.5 * 1.9], 1e-6);
});

test("a restored optimizer continues bit for bit", () => {
  const first = sgd(0.9).open(3);
  const x = Float32Array.of(1, 2, 3);
  const g = Float32Array.of(0.1, -0.2, 0.3);
  first.step(x, g, 0.1);
  const second = sgd(0.9).open(3);
  second.restore(first.save());
  const y = x.slice();
  first.step(x, g, 0.1);
  second.step(y, g, 0.1);
  assert.deepEqual(y, x);
});

test("a state of another length or name is refused", () => {
  const stepper = sgd(0.9).open(3);
  assert.throws(() => stepper.restore(new Map([["velocity", new Float32Array(2)]])), { code: "checkpoint" });
  assert.throws(() => stepper.restore(new Map([["speed", new Float32Array(3)]])), { code: "checkpoint" });
  assert.throws(
    () =>
      sgd(0)
        .open(3)
        .restore(new Map([["velocity", new Float32Array(3)]])),
    { code: "checkpoint" },
  );
});

test("a momentum outside [0, 1) is refused", () => {
  for (const momentum of [-0.1, 1, Number.NaN]) assert.throws(() => sgd(momentum), { code: "config" });
});
