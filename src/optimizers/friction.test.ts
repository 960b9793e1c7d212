import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { flatLayout, layoutOf } from "../base/layout.ts";
import { adam } from "./adam.ts";
import { cos1, cosineFactor, dGrad, diffGrad, withFriction } from "./friction.ts";
import type { Optimizer } from "./optimizer.ts";
import { assertNear, f64, follow, n2 } from "./trajectories.contract.ts";

test("a step is at most Adam's and at least half of it", () => {
  const gradients = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 })), {
    minLength: 1,
    maxLength: 20,
  });
  const moves = (optimizer: Optimizer, gs: readonly (readonly number[])[]) => {
    const stepper = optimizer.open(flatLayout(2), f64);
    return gs.flatMap((g) => {
      const x = f64(2);
      stepper.step(x, Float64Array.from(g), 1);
      return [...x];
    });
  };
  fc.assert(
    fc.property(gradients, (gs) => {
      const free = moves(adam(), gs);
      for (const optimizer of [diffGrad(), dGrad(), dGrad({ reference: "grad-ema" }), cos1()]) {
        for (const [i, move] of moves(optimizer, gs).entries()) {
          const share = free[i] === 0 ? 1 : move / free[i]!;
          assert.ok(share >= 0.5 - 1e-12 && share <= 1 + 1e-12, `${optimizer.name}: ${share}`);
        }
      }
    }),
  );
});

test("the factor of cos1 is as published", () => {
  const factors = [1, 2, 15, 29, 30, 31].map((t) => cosineFactor(t, 30));
  assertNear(factors, [1.02517095759, 1.05076102972, 2, 1.26324005904, 1.00995016625, 1.02517095759], 1e-11);
});

test("a friction of the caller's own takes part, and without any it is Adam", () => {
  const options = { b1: 0.9, b2: 0.999, eps: 1e-8, reference: "sq-ema" } as const;
  const own = (friction: (share: number, t: number) => number): Optimizer => ({
    name: "own",
    memory: 2,
    open: (layout, make = f64) => withFriction("own", friction, options, layout, make),
  });
  const way = (optimizer: Optimizer, learningRate: number) => follow({ problem: n2, optimizer, learningRate }, 20);
  const free = way(adam(), 0.1);
  for (const [k, x] of way(
    own(() => 1),
    0.1,
  ).entries())
    assertNear(x, free[k]!, 1e-14);
  for (const [k, x] of way(
    own(() => 0.5),
    0.2,
  ).entries())
    assertNear(x, free[k]!, 1e-14);
});

test("the largest difference is that of each tensor", () => {
  const gradient = [1, 2, 30, 60];
  const shares = (layout: ReturnType<typeof layoutOf>) => {
    const seen: number[] = [];
    const friction = (share: number) => seen.push(share);
    const options = { b1: 0, b2: 0, eps: 0, reference: "sq-ema" } as const;
    withFriction("test", friction, options, layout, f64).step(f64(4), Float64Array.from(gradient), 1);
    return seen;
  };
  // |g − g²|: 0, 2, 870, 3540
  assertNear(shares(flatLayout(4)), [0, 2 / 3540, 870 / 3540, 1], 1e-15);
  const two = layoutOf([
    ["first", [2]],
    ["second", [2]],
  ]);
  assertNear(shares(two), [0, 1, 870 / 3540, 1], 1e-15);
});
