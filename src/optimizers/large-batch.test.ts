import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { layoutOf } from "../base/layout.ts";
import { norm } from "./elementwise.ts";
import { lamb } from "./lamb.ts";
import { lars } from "./lars.ts";
import type { Optimizer, Real } from "./optimizer.ts";
import { sgd } from "./sgd.ts";
import { sibert } from "./sibert.ts";
import { assertNear, f64, follow, type Problem, si } from "./trajectories.contract.ts";

const layout = layoutOf([
  ["first", [2, 1]],
  ["second", [1, 1]],
]);
const entries = fc.array(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), { minLength: 3, maxLength: 3 });

/** How far each tensor moves. */
function moves(optimizer: Optimizer, params: readonly number[], gradient: readonly number[], rate = 0.1): number[] {
  const x = Float64Array.from(params);
  optimizer.open(layout, f64).step(x, Float64Array.from(gradient), rate);
  const change = x.map((value, i) => value - params[i]!);
  return [norm(change, 0, 2), norm(change, 2, 3)];
}

test("LARS without momentum and decay moves each tensor by η c ‖w‖, whatever the gradient's scale", () => {
  fc.assert(
    fc.property(entries, entries, (w, g) => {
      const moved = moves(lars({ momentum: 0, decay: 0, trust: 0.02 }), w, g);
      assertNear(moved, [0.002 * Math.hypot(w[0]!, w[1]!), 0.002 * w[2]!], 1e-9);
    }),
  );
});

test("LAMB moves each tensor by η ‖w‖, whatever the gradient's scale", () => {
  fc.assert(
    fc.property(entries, entries, (w, g) => {
      assertNear(moves(lamb(), w, g), [0.1 * Math.hypot(w[0]!, w[1]!), 0.1 * w[2]!], 1e-9);
    }),
  );
});

test("a tensor that starts at 0 moves", () => {
  for (const optimizer of [lars(), lamb()]) {
    const [first, second] = moves(optimizer, [0, 0, 0], [1, 2, 3]);
    assert.ok(first! > 0.01 && second! > 0.01, optimizer.name);
  }
});

test("vectors are neither scaled nor decayed, unless so asked", () => {
  const bias = layoutOf([["bias", [3]]]);
  const after = (optimizer: Optimizer) => {
    const x = Float64Array.of(1, -2, 3);
    optimizer.open(bias, f64).step(x, Float64Array.of(0.5, 0.5, 0.5), 0.1);
    return x;
  };
  assertNear(after(lars()), after(sgd(0.9)), 1e-15);
  assertNear(after(lamb({ eps: 0 })), [0.9, -2.1, 2.9], 1e-12);
  assert.ok(Math.abs(after(lars({ exclude: "none" }))[0]! - 1) < 1e-3);
});

test("with larc the rate is at most η", () => {
  // r = 0.5·‖w‖/‖g‖: 50 in the first tensor, 0.05 in the second.
  const optimizer = lars({ momentum: 0, decay: 0, trust: 0.5, larc: true });
  assertNear(moves(optimizer, [60, 80, 1], [0.6, 0.8, 10], 0.2), [0.2, 0.5], 1e-12);
});

test("LAMB's φ bounds the norm from both sides", () => {
  const moved = moves(lamb({ phiMin: 1, phiMax: 2, decay: 0 }), [0.1, 0.1, 50], [1, 1, 1]);
  assertNear(moved, [0.1, 0.2], 1e-9);
  assert.throws(() => lamb({ phiMin: 3, phiMax: 2 }), { code: "config" });
});

test("the range of trust ratios is reported", () => {
  const x = Float64Array.of(3, 4, 1);
  const report = lars({ momentum: 0, decay: 0, trust: 1 })
    .open(layout, f64)
    .step(x, Float64Array.of(0.6, 0.8, 2), 0.1);
  assertNear([report!.trustRatioMin!, report!.trustRatioMax!], [0.5, 5], 1e-12);
});

test("relative clipping tells norm, threshold and factor as published, and that the loss is scale invariant", () => {
  const stepper = sibert().open(si.layout, f64);
  const [x, g] = [Float64Array.from(si.start), f64(3)];
  const scales: number[] = [];
  for (let t = 1; t <= 5; t++) {
    si.gradient(x, t, g);
    const report = stepper.step(x, g, 0.1)!;
    scales.push(report.clipScale!);
    assert.ok(Math.abs(report.cosine!) < 1e-12);
  }
  assertNear([scales[0]!, scales[4]!], [0.026809098884, 0.0951908938677], 1e-12);
  assertNear([norm(x)], [0.379804450029], 1e-12);
});

/** SI with its loss c times as large, from a start s times as large. */
const changed = (c: number, s: number): Problem => ({
  ...si,
  start: si.start.map((value) => s * value),
  gradient(x, t, out) {
    si.gradient(x, t, out);
    for (let i = 0; i < out.length; i++) out[i] = c * out[i]!;
  },
});

test("scaling the loss or the parameters changes nothing, learning rate and decay scaled along", () => {
  const way = (c: number, s: number, learningRate: number, decay: number) =>
    follow({ problem: changed(c, s), optimizer: sibert({ decay }), learningRate }, 20);
  const plain = way(1, 1, 0.1, 0.01);
  const louder = way(100, 1, 0.001, 1);
  const larger = way(1, 10, 10, 0.0001);
  const direction = (x: Real) => Array.from(x, (value) => value / norm(x));
  for (const [k, x] of plain.entries()) {
    assertNear(louder[k]!, x, 1e-14, `X(${k})`);
    assertNear(direction(larger[k]!), direction(x), 1e-14, `X(${k})`);
  }
});

test("decay and a gradient of σ/‖x‖ across x settle at the known norm", () => {
  // ⟨x, g⟩ = 0: n = ‖x‖² ← (1 − ηλ)² n + η²σ²/n, with η = 0.1, λ = 0.01, σ = 2, and no clipping.
  const plane = layoutOf([["x", [2]]]);
  const stepper = sibert({ clip: 1e9 }).open(plane, f64);
  const x = Float64Array.of(1, 0);
  for (let t = 0; t < 4000; t++) {
    const n = x[0]! ** 2 + x[1]! ** 2;
    stepper.step(x, Float64Array.of((-2 * x[1]!) / n, (2 * x[0]!) / n), 0.1);
  }
  assertNear([x[0]! ** 2 + x[1]! ** 2], [4.473254408425844], 1e-6);
});
