import assert from "node:assert/strict";
import { test } from "node:test";
import { nesterov } from "./nesterov.ts";
import { sgd } from "./sgd.ts";
import { assertNear, f64, follow, P2_L, p2 } from "./trajectories.contract.ts";

test("the gradient form's iterate is the point ahead of the look-ahead form", () => {
  const byGradient = follow({ problem: p2, optimizer: nesterov(), learningRate: 0.1 }, 30);
  const stepper = nesterov({ form: "look-ahead" }).open(p2.layout, f64);
  const [y, g] = [Float64Array.from(p2.start), f64(2)];
  for (let t = 1; t <= 30; t++) {
    p2.gradient(y, t, g);
    stepper.step(y, g, 0.1);
    assertNear(y, byGradient[t]!, 1e-14, `y after ${t}`);
  }
});

test("without momentum both forms are SGD, and the look-ahead form's iterate its parameters", () => {
  const plain = follow({ problem: p2, optimizer: sgd(), learningRate: 0.1 }, 10);
  for (const form of ["gradient", "look-ahead"] as const) {
    const path = follow({ problem: p2, optimizer: nesterov({ momentum: 0, form }), learningRate: 0.1 }, 10);
    for (const [k, x] of plain.entries()) assertNear(path[k]!, x, 1e-15);
  }
});

test("momentum by count keeps f − f* below 2L‖x₁ − x*‖²/(t + 1)²", () => {
  const optimizer = nesterov({ form: "look-ahead", momentumBy: "count" });
  const distance = 0.4 ** 2 + 1.8 ** 2;
  const path = follow({ problem: p2, optimizer, learningRate: 1 / P2_L }, 100);
  for (let t = 1; t <= 100; t++) assert.ok(p2.loss(path[t]!) + 0.7 <= (2 * P2_L * distance) / (t + 1) ** 2);
});

test("the iterate of a stepper that has not stepped is the parameters", () => {
  const params = Float64Array.of(1, 2);
  assert.equal(nesterov({ form: "look-ahead" }).open(p2.layout, f64).iterate?.(params), params);
});
