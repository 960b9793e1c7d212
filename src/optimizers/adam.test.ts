import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { flatLayout } from "../base/layout.ts";
import { adam } from "./adam.ts";
import { amsGrad } from "./amsgrad.ts";
import { mAdam } from "./madam.ts";
import type { Optimizer, Real } from "./optimizer.ts";
import { pAdam } from "./padam.ts";
import { rescaledAdam } from "./rescaled-adam.ts";
import { sgd } from "./sgd.ts";
import { signSgd } from "./signum.ts";
import { assertNear, f32, f64, follow, n2, p2 } from "./trajectories.contract.ts";

/** Gradients of one coordinate, 0 among them, with squares that f64 holds. */
const gradient = fc.double({ min: -1e3, max: 1e3, noNaN: true }).map((g) => (Math.abs(g) < 1e-100 ? 0 : g));
const gradients = fc.array(gradient, { minLength: 1, maxLength: 30 });

/** The moves of one coordinate, whatever its gradient. */
function moves(optimizer: Optimizer, gradients: readonly number[], make = f64): number[] {
  const stepper = optimizer.open(flatLayout(1), make);
  return gradients.map((g) => {
    const x = make(1);
    stepper.step(x, make(1).fill(g), 1);
    return x[0]!;
  });
}

/** Both take the same way on N2. */
function assertSame(a: Optimizer, b: Optimizer, tolerance: number, steps = 50): void {
  const [first, second] = [a, b].map((optimizer) => follow({ problem: n2, optimizer, learningRate: 0.1 }, steps));
  for (const [k, x] of first!.entries()) assertNear(second![k]!, x, tolerance, `X(${k})`);
}

test("without ε the scale of the gradients does not matter, and the first step is −η sign(g)", () => {
  fc.assert(
    fc.property(gradients, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (g, c) => {
      const scaled = moves(
        adam({ eps: 0 }),
        g.map((value) => c * value),
      );
      assertNear(scaled, moves(adam({ eps: 0 }), g), 1e-9);
      assertNear([moves(adam({ eps: 0 }), g)[0]!], [-Math.sign(g[0]!)], 1e-12);
    }),
  );
});

test("a step without correction stays below (1 − β₁)/√((1 − β₂)(1 − β₁²/β₂))", () => {
  fc.assert(
    fc.property(gradients, fc.double({ min: 0, max: 0.9, noNaN: true }), (g, b1) => {
      const b2 = 0.95;
      const bound = (1 - b1) / Math.sqrt((1 - b2) * (1 - b1 ** 2 / b2));
      for (const move of moves(adam({ b1, b2, eps: 0, correct: false }), g))
        assert.ok(Math.abs(move) <= bound * (1 + 1e-9));
    }),
  );
});

test("gradients of 0 from the start move nothing, even without ε", () => {
  for (const optimizer of [adam({ eps: 0 }), amsGrad({ eps: 0 }), pAdam({ eps: 0 }), rescaledAdam({ eps: 0 })]) {
    assert.deepEqual(moves(optimizer, [0, 0, 0]), [0, 0, 0], optimizer.name);
  }
});

test("a gradient whose square is too small for f32 moves nothing, instead of dividing by 0", () => {
  assert.deepEqual(moves(adam({ eps: 0 }), [1e-30, -1e-30], f32), [0, 0]);
});

test("without averages and ε Adam is signSGD", () => assertSame(adam({ b1: 0, b2: 0, eps: 0 }), signSgd(), 1e-12));

test("the three places of ε agree where ε is 0", () => {
  assertSame(adam({ eps: 0 }), adam({ eps: 0, epsMode: "inside" }), 1e-12);
  assertSame(adam({ eps: 0 }), adam({ eps: 0, epsMode: "raw" }), 1e-12);
});

test("each ε stands where its formula has it", () => {
  const b = { b1: 0.5, b2: 0.75, eps: 0.3 };
  const g = [2, -1];
  const m = [1, 0]; // 0.5·2, 0.5·1 − 0.5·1
  const v = [1, 1]; // 0.25·4, 0.75·1 + 0.25·1
  const expected = (formula: (m: number, v: number, first: number, second: number) => number) =>
    [0, 1].map((k) => -formula(m[k]!, v[k]!, 1 - 0.5 ** (k + 1), 1 - 0.75 ** (k + 1)));
  const cases = {
    outside: expected((m, v, c1, c2) => m / c1 / (Math.sqrt(v / c2) + 0.3)),
    inside: expected((m, v, c1, c2) => m / c1 / Math.sqrt(v / c2 + 0.3)),
    raw: expected((m, v, c1, c2) => (Math.sqrt(c2) / c1) * (m / (Math.sqrt(v) + 0.3))),
  };
  for (const epsMode of ["outside", "inside", "raw"] as const) {
    assertNear(moves(adam({ ...b, epsMode }), g), cases[epsMode], 1e-14, epsMode);
  }
  assertNear(moves(adam({ ...b, correct: false }), g), [-1 / 1.3, 0], 1e-15);
  assertNear(moves(adam({ ...b, correct: false, epsMode: "inside" }), g), [-1 / Math.sqrt(1.3), 0], 1e-15);
});

test("averaging the gradients of workers is one Adam, averaging their steps is another", () => {
  const layout = p2.layout;
  const x = Float64Array.from(p2.start);
  const [plus, minus] = [adam().open(layout, f64), adam().open(layout, f64)];
  const path: Real[] = [];
  for (let t = 1; t <= 5; t++) {
    const ways = [plus, minus].map((worker, j) => {
      const [own, g] = [x.slice(), new Float64Array(2)];
      p2.gradient(x, t, g);
      g[0]! += j === 0 ? 1 : -1;
      worker.step(own, g, 0.1);
      return own;
    });
    for (let i = 0; i < 2; i++) x[i] = (ways[0]![i]! + ways[1]![i]!) / 2;
    path.push(x.slice());
  }
  assertNear(path[0]!, [0.900000000375, 0.90000000025], 1e-12);
  assertNear(path[1]!, [0.80079982440375, 0.800278774312229], 1e-12);
  assertNear(path[2]!, [0.703236049525274, 0.701056682406789], 1e-12);
  assertNear(path[4]!, [0.518128964093644, 0.505130168384549], 1e-12);
});

test("a frozen variance is Adam until then, and does not change after", () => {
  const [free, frozen] = [adam({ b1: 0 }), adam({ b1: 0, freeze: 2 })].map((a) => moves(a, [1, 2, 8, -40]));
  assertNear(frozen!.slice(0, 2), free!.slice(0, 2), 0);
  assertNear(frozen!.slice(2), [4 * frozen![1]!, -20 * frozen![1]!], 1e-12); // in proportion to g from then on
  assert.ok(Math.abs(free![3]!) < 3);
});

test("the largest averaged square never falls", () => {
  fc.assert(
    fc.property(gradients, (g) => {
      const stepper = amsGrad().open(flatLayout(1), f32);
      let before = 0;
      for (const value of g) {
        stepper.step(f32(1), f32(1).fill(value), 1);
        const now = stepper.save().get("largest")![0]!;
        assert.ok(now >= before && now >= stepper.save().get("v")![0]!);
        before = now;
      }
    }),
  );
});

test("AMSGrad is Adam while gradients grow", () => {
  const growing = [1, -1.5, 2, 2, -4, 9];
  assertNear(moves(amsGrad({ b2: 0.9 }), growing), moves(adam({ b2: 0.9 }), growing), 1e-14);
  const falling = [9, 1, 1];
  assert.ok(Math.abs(moves(amsGrad({ b2: 0.9 }), falling)[2]!) < Math.abs(moves(adam({ b2: 0.9 }), falling)[2]!));
});

test("Adam runs to the wrong end where AMSGrad finds the minimum: large gradients that are rare count too little", () => {
  // f_t = 3x if t mod 3 = 1, else −x, on [−1, 1] from x = 1, η_t = 0.5/√t.
  const path = (optimizer: Optimizer) => {
    const stepper = optimizer.open(flatLayout(1), f64);
    const x = Float64Array.of(1);
    return Array.from({ length: 3000 }, (_, k) => {
      stepper.step(x, Float64Array.of(k % 3 === 0 ? 3 : -1), 0.5 / Math.sqrt(k + 1));
      x[0] = Math.min(1, Math.max(-1, x[0]!));
      return x[0];
    });
  };
  const moments = { b1: 0, b2: 0.1, eps: 0 };
  const wrong = path(adam({ ...moments, correct: false }));
  assertNear(
    wrong.slice(0, 6),
    [0.47295372330527, 0.743322758523208, 1, 0.738201953961171, 0.908665359604757, 1],
    1e-12,
  );
  assert.equal(wrong[2999], 1);
  const right = path(amsGrad({ ...moments, form: "original" }));
  assertNear(right.slice(0, 3), [0.47295372330527, 0.597179722055258, 0.698609825296956], 1e-12);
  assertNear([right[299]!, right[2999]!], [-0.979830072301, -0.99362650173], 1e-9);
});

test("PAdam with p = ½ and the plain square is Adam, and with p near 0 the corrected average of gradients", () => {
  assertSame(pAdam({ power: 0.5, largest: false }), adam({ epsMode: "raw" }), 1e-13);
  const small = moves(pAdam({ power: 1e-12, largest: false }), [3, -1, 2]);
  const plain = moves(sgd({ momentum: 0.9, form: "ema", correct: true }), [3, -1, 2]);
  assertNear(
    small,
    plain.map((move, k) => move * Math.sqrt(1 - 0.999 ** (k + 1))),
    1e-9,
  );
});

test("PAdam's usual powers, which are square roots, go over into the others", () => {
  for (const power of [1 / 8, 1 / 4, 1 / 2]) {
    assertSame(pAdam({ power }), pAdam({ power: power * (1 - 1e-12) }), 1e-9);
  }
});

test("rescaled Adam with β₂ = 1 is AdaGrad", () => {
  const g = [3, -4, 12];
  const expected = g.map((value, k) => -value / Math.sqrt(g.slice(0, k + 1).reduce((sum, x) => sum + x * x, 0)));
  assertNear(moves(rescaledAdam({ b1: 0, b2: 1, eps: 0 }), g), expected, 1e-14);
});

test("MAdam with one weight is Adam", () => assertSame(mAdam({ low: 0.99, high: 0.99 }), adam({ b2: 0.99 }), 1e-12));

test("averages for which no analysis holds are warned of", () => {
  const use = { learningRate: 0.001, rounds: 100, batch: 32 };
  assert.equal(adam({ b1: 0.95, b2: 0.9 }).warnings?.(use).length, 1);
  assert.equal(adam().warnings?.(use).length, 0);
  assert.equal(rescaledAdam({ b1: 0.95, b2: 0.9 }).warnings?.(use).length, 1);
  assert.equal(rescaledAdam().warnings?.(use).length, 0);
});
