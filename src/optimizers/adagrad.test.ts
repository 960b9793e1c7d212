import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { flatLayout } from "../base/layout.ts";
import { adaGrad } from "./adagrad.ts";
import { f64, holdsTrajectory, p2 } from "./trajectories.contract.ts";

holdsTrajectory({
  name: "AdaGrad",
  problem: p2,
  optimizer: adaGrad(),
  learningRate: 0.5,
  points: {
    1: [0.500000000016667, 0.5000000000125],
    2: [0.341886117004354, 0.235000530013352],
    3: [0.300811629278203, 0.0557127107692705],
    5: [0.332059340453264, -0.185894228185854],
  },
  loss: { after: 100, value: -0.7 },
  f32: 2e-8,
});

test("the first step from G = 0 without ε is the sign of the gradient, and 0 where that is 0", () => {
  const coordinate = fc.double({ min: -1e6, max: 1e6, noNaN: true }).filter((g) => g === 0 || Math.abs(g) > 1e-6);
  fc.assert(
    fc.property(fc.array(coordinate, { minLength: 1, maxLength: 9 }), (g) => {
      const x = new Float64Array(g.length);
      adaGrad({ eps: 0 }).open(flatLayout(g.length), f64).step(x, Float64Array.from(g), 0.5);
      for (const [i, value] of g.entries()) {
        assert.ok(Math.abs(x[i]! + 0.5 * Math.sign(value)) < 1e-15, `${value} moves by ${x[i]}`);
      }
    }),
  );
});

test("G starts where it is told to", () => {
  const x = new Float64Array(1);
  adaGrad({ start: 7, eps: 0 }).open(flatLayout(1), f64).step(x, Float64Array.of(3), 1);
  assert.equal(x[0], -3 / 4);
});

test("a negative G_0 or ε is refused", () => {
  assert.throws(() => adaGrad({ start: -1 }), { code: "config" });
  assert.throws(() => adaGrad({ eps: -1 }), { code: "config" });
});
