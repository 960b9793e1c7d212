import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { flatLayout } from "../base/layout.ts";
import { adam } from "./adam.ts";
import { efSignSgd } from "./ef-signsgd.ts";
import { generalisedSignSgd } from "./generalised-signsgd.ts";
import type { Optimizer, Real } from "./optimizer.ts";
import { signSgd, signum } from "./signum.ts";
import { assertNear, f64, follow, n2, p2, p3 } from "./trajectories.contract.ts";

function assertSame(a: Optimizer, b: Optimizer, tolerance: number): void {
  const [first, second] = [a, b].map((optimizer) => follow({ problem: n2, optimizer, learningRate: 0.07 }, 50));
  for (const [k, x] of first!.entries()) assertNear(second![k]!, x, tolerance, `X(${k})`);
}

/** X of P2 where every gradient is c times as large. */
const scaled = (optimizer: Optimizer, c: number): Real[] =>
  follow(
    {
      problem: {
        ...p2,
        gradient(x, t, out) {
          p2.gradient(x, t, out);
          for (let i = 0; i < out.length; i++) out[i] = c * out[i]!;
        },
      },
      optimizer,
      learningRate: 0.05,
    },
    20,
  );

test("the scale of the gradients does not matter to signs", () => {
  for (const optimizer of [signSgd(), signum(), generalisedSignSgd({ eps: 0 })]) {
    const [small, large] = [scaled(optimizer, 1e-4), scaled(optimizer, 1e4)];
    for (const [k, x] of small.entries()) assertNear(large[k]!, x, 1e-9, `${optimizer.name}: X(${k})`);
  }
});

test("without momentum Signum is signSGD, and generalised SignSGD bridges to both and to Adam", () => {
  assertSame(signum({ momentum: 0 }), signSgd(), 0);
  assertSame(generalisedSignSgd({ b1: 0.5, b2: 0, eps: 0 }), signum({ momentum: 0.5 }), 1e-13);
  assertSame(generalisedSignSgd({ b1: 0, b2: 0, eps: 0 }), signSgd(), 1e-13);
  assertSame(generalisedSignSgd({ b1: 0, b2: 0.9, eps: 0 }), adam({ b1: 0, b2: 0.9, eps: 0, correct: false }), 1e-13);
});

test("an entry whose gradient is 0 stays, or moves with zero=up", () => {
  const move = (optimizer: Optimizer) => {
    const x = f64(3);
    optimizer.open(p3.layout, f64).step(x, Float64Array.of(2, 0, -1), 0.5);
    return [...x];
  };
  assert.deepEqual(move(signSgd()), [-0.5, 0, 0.5]);
  assert.deepEqual(move(signSgd({ zero: "up" })), [-0.5, -0.5, 0.5]);
});

test("a step of generalised SignSGD is at most η/√(1 − β₂), which the first one is", () => {
  const gradient = fc.double({ min: -1e3, max: 1e3, noNaN: true }).map((g) => (Math.abs(g) < 1e-100 ? 0 : g));
  fc.assert(
    fc.property(fc.array(gradient, { minLength: 1, maxLength: 30 }), (gs) => {
      const stepper = generalisedSignSgd({ b2: 0.75, eps: 0 }).open(flatLayout(1), f64);
      for (const [k, g] of gs.entries()) {
        const x = f64(1);
        stepper.step(x, f64(1).fill(g), 1);
        assert.ok(Math.abs(x[0]!) <= 2 * (1 + 1e-12));
        if (k === 0) assertNear(x, [-2 * Math.sign(g)], 1e-12);
      }
    }),
  );
});

test("its first step is warned of, and so is √β₂ ≥ β₁", () => {
  const count = (options: Parameters<typeof generalisedSignSgd>[0]) =>
    generalisedSignSgd(options).warnings?.({ learningRate: 0.1, rounds: 10, batch: 8 }).length;
  assert.equal(count({}), 2);
  assert.equal(count({ b2: 0.5 }), 0);
  assert.equal(count({ b2: 0.5, correct: true }), 1);
});

test("signSGD on single samples is warned of", () => {
  const count = (batch: number) => signSgd().warnings?.({ learningRate: 0.1, rounds: 10, batch }).length;
  assert.deepEqual([count(1), count(64)], [1, 0]);
});

test("error feedback loses nothing: x − e is the way of plain SGD", () => {
  const stepper = efSignSgd().open(n2.layout, f64);
  const [x, g, sum] = [Float64Array.from(n2.start), f64(2), Float64Array.from(n2.start)];
  for (let t = 1; t <= 50; t++) {
    n2.gradient(x, t, g);
    for (let i = 0; i < 2; i++) sum[i]! -= 0.1 * g[i]!;
    stepper.step(x, g, 0.1);
    const error = residual(stepper.save().get("error")!);
    assertNear([x[0]! - error[0]!, x[1]! - error[1]!], sum, 1e-12, `after ${t}`);
  }
});

/** A saved f64 vector: each entry in four of 16 bits. */
const residual = (saved: Float32Array): Float64Array => new Float64Array(Uint16Array.from(saved).buffer);

test("the residuals on P2 are as published", () => {
  const stepper = efSignSgd().open(p2.layout, f64);
  const [x, g] = [Float64Array.from(p2.start), f64(2)];
  const published = [
    [-0.05, 0.05],
    [-0.1175, 0.1175],
    [0.147875, 0.147875],
    [-0.04941875, 0.04941875],
    [0.0507446875, 0.0507446875],
  ];
  for (const expected of published) {
    p2.gradient(x, 1, g);
    stepper.step(x, g, 0.1);
    assertNear(residual(stepper.save().get("error")!), expected, 1e-12);
  }
});

test("each tensor has its own scale, and a residual of 0 moves nothing", () => {
  const x = f64(3);
  const stepper = efSignSgd().open(p3.layout, f64);
  stepper.step(x, f64(3), 1);
  assert.deepEqual([...x], [0, 0, 0]);
  stepper.step(x, Float64Array.of(1, -3, 10), 1);
  assertNear(x, [-2, 2, -10], 0);
});

test("signs of single samples run along a line that misses the minimum, error feedback leaves it", () => {
  // f = ⟨a₁,x⟩² + ⟨a₂,x⟩², a = ±(1, −1) + 0.1(1, 1), gradients of one term in turn, from (1, 1).
  const terms = [
    [1.1, -0.9],
    [-0.9, 1.1],
  ] as const;
  const loss = (x: Real) => terms.reduce((sum, [a, b]) => sum + (a * x[0]! + b * x[1]!) ** 2, 0);
  const path = (optimizer: Optimizer, steps: number) =>
    follow(
      {
        problem: {
          layout: p2.layout,
          start: [1, 1],
          loss,
          gradient(x, t, out) {
            const [a, b] = terms[(t - 1) % 2]!;
            const slope = 4 * (a * x[0]! + b * x[1]!);
            out[0] = slope * a;
            out[1] = slope * b;
          },
        },
        optimizer,
        learningRate: 0.02,
      },
      steps,
    );
  for (const x of path(signSgd(), 500)) {
    assertNear([x[0]! + x[1]!], [2], 1e-12);
    assert.ok(loss(x) >= 0.08 - 1e-12);
  }
  const way = path(efSignSgd(), 2000);
  assertNear(way[1]!, [0.984, 1.016], 1e-12);
  assertNear(way[2]!, [1.00256, 0.99744], 1e-12);
  assert.ok(loss(way[2000]!) < 1e-4);
});
