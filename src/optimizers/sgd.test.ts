import assert from "node:assert/strict";
import { test } from "node:test";
import { flatLayout } from "../base/layout.ts";
import { twin } from "../kernels/index.ts";
import type { Real } from "./optimizer.ts";
import { type SgdOptions, sgd } from "./sgd.ts";
import { assertNear, f64, follow, type LearningRate, P2_L, p2 } from "./trajectories.contract.ts";

/** The way on P2 in f64 at a learning rate, or at one by step. */
const path = (options: Partial<SgdOptions>, learningRate: LearningRate = 0.1) =>
  follow({ problem: p2, optimizer: sgd(options), learningRate }, 30);

function assertSame(a: readonly Real[], b: readonly Real[], tolerance: number): void {
  for (const [k, x] of a.entries()) assertNear(b[k]!, x, tolerance, `X(${k})`);
}

test("in f32 a step is the same bits as the kernels' axpy, and with momentum as momentumStep", () => {
  const g = Float32Array.of(0.1, -0.7, 1e-20, 3e7);
  const layout = flatLayout(4);
  const [plain, heavy] = [sgd().open(layout), sgd(0.9).open(layout)];
  const [x, y, v] = [Float32Array.of(1, 2, 3, 4), Float32Array.of(1, 2, 3, 4), new Float32Array(4)];
  plain.step(x, g.slice(), 0.1);
  twin.axpy(-0.1, g, y);
  assert.deepEqual(x, y);
  for (let t = 0; t < 5; t++) {
    heavy.step(x, g.slice(), 0.1);
    twin.momentumStep(0.9, 0.1, g, v, y);
    assert.deepEqual(x, y);
  }
});

test("at a constant learning rate classic, rate inside and Polyak's form take the same way", () => {
  const classic = path({ momentum: 0.9 });
  assertSame(path({ momentum: 0.9, form: "lr-inside" }), classic, 1e-13);
  assertSame(path({ momentum: 0.9, form: "polyak" }), classic, 1e-13);
  assertSame(path({ momentum: 0.9, form: "ema" }, 1), classic, 1e-13);
});

test("where the learning rate changes, classic rescales the history and the others do not", () => {
  const falling = (t: number) => (t < 3 ? 0.1 : 0.05);
  const inside = path({ momentum: 0.9, form: "lr-inside" }, falling);
  assertSame(path({ momentum: 0.9, form: "polyak" }, falling), inside, 1e-13);
  const classic = path({ momentum: 0.9 }, falling);
  assertSame(classic.slice(0, 3), inside.slice(0, 3), 1e-15);
  assert.ok(Math.abs(classic[3]![0]! - inside[3]![0]!) > 0.01);
});

test("without momentum every form is plain SGD", () => {
  for (const form of ["lr-inside", "polyak", "ema"] as const) assert.deepEqual(path({ form }), path({}));
});

test("a corrected average starts as far as plain SGD", () => {
  const [, first] = path({ momentum: 0.9, form: "ema", correct: true });
  assertNear(first!, path({})[1]!, 1e-15);
});

test("momentum after the average is the average of the workers' momenta", () => {
  const layout = flatLayout(1);
  const [server, one, two] = [sgd(0.9), sgd(0.9), sgd(0.9)].map((optimizer) => optimizer.open(layout, f64));
  const [x, a, b] = [f64(1), f64(1), f64(1)];
  for (const [g, h] of [
    [1, 3],
    [-2, 5],
    [0.5, -4],
  ]) {
    server!.step(x, f64(1).fill((g! + h!) / 2), 0.1);
    one!.step(a, f64(1).fill(g!), 0.1);
    two!.step(b, f64(1).fill(h!), 0.1);
    assertNear([(a[0]! + b[0]!) / 2], x, 1e-15);
  }
});

test("a learning rate beyond the stability of a quadratic is warned of, and it diverges", () => {
  const use = { rounds: 100, batch: 1, L: P2_L };
  for (const options of [{}, { momentum: 0.9 }, { momentum: 0.9, form: "ema" }] as const) {
    const bound = (options.momentum === undefined ? 2 : "form" in options ? 38 : 3.8) / P2_L;
    const farAfter = (learningRate: number) =>
      p2.loss(follow({ problem: p2, optimizer: sgd(options), learningRate }, 400)[400]!);
    for (const [factor, count] of [
      [0.98, 0],
      [1.02, 1],
    ] as const) {
      const learningRate = factor * bound;
      assert.equal(sgd(options).warnings?.({ ...use, learningRate }).length, count);
      assert.equal(farAfter(learningRate) < 3.5, count === 0);
    }
  }
});

test("options that do not go together are refused", () => {
  assert.throws(() => sgd({ dampening: 0.5 }), { code: "config" });
  assert.throws(() => sgd({ momentum: 0.9, dampening: 0.5, form: "ema" }), { code: "config" });
  assert.throws(() => sgd({ momentum: 0.9, correct: true }), { code: "config" });
  assert.throws(() => sgd({ momentum: 0.9, form: "polyak", decay: 0.1 }), { code: "config" });
});

test("a change of the learning rate rescales the whole history at once", () => {
  // x = 1, g = 1 always: v = 1, 1.9; with η 1 then 0.5 the second step moves by 0.5 · 1.9.
  const stepper = sgd(0.9).open(flatLayout(1));
  const x = Float32Array.of(0);
  const g = Float32Array.of(1);
  stepper.step(x, g, 1);
  stepper.step(x, g, 0.5);
  assertNear([...x], [-1 - 0.5 * 1.9], 1e-6);
});

test("a momentum outside [0, 1) is refused", () => {
  for (const momentum of [-0.1, 1, Number.NaN]) assert.throws(() => sgd(momentum), { code: "config" });
});
