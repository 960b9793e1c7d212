import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { laMAdam, mAdam } from "./madam.ts";
import { mostVaried, VariedAverages, type WeightBounds } from "./maximum-variation.ts";
import type { Optimizer } from "./optimizer.ts";
import { assertNear, f64, follow, n2 } from "./trajectories.contract.ts";

/** The weights that each entry takes along the way of an optimizer on N2. */
function weights(optimizer: Optimizer, bounds: WeightBounds): number[][] {
  const averages = new VariedAverages(bounds, 2, f64);
  const { sum, squares, weights: w } = averages.state;
  const gradient = f64(2);
  return follow({ problem: n2, optimizer, learningRate: 0.1 }, 4).map((x, k) => {
    n2.gradient(x, k + 1, gradient);
    const taken = [0, 1].map((i) => mostVaried(sum[i]!, squares[i]!, w[i]!, gradient[i]!, bounds));
    averages.absorb(gradient);
    return taken;
  });
}

test("the weights along the published ways are as published", () => {
  const expected = {
    madam: [0.999, 0.999, 0.999, 0.999, 0.998281753911, 0.999, 0.999, 0.99790934615, 0.996459586626, 0.999],
    lamadam: [0.98, 0.98, 0.98, 0.98, 0.966928031717, 0.98, 0.98, 0.961014494803, 0.937887522233, 0.98],
  };
  assertNear(weights(mAdam(), { low: 0.5, high: 0.999 }).flat(), expected.madam, 1e-12);
  assertNear(weights(laMAdam(), { low: 0.5, high: 0.98 }).flat(), expected.lamadam, 1e-12);
});

test("no other weight gives a larger variance", () => {
  const bounds = { low: 0.5, high: 0.999 };
  const entry = fc.double({ min: -10, max: 10, noNaN: true });
  fc.assert(
    fc.property(
      entry,
      fc.double({ min: 0, max: 10, noNaN: true }),
      fc.double({ min: 1e-3, max: 0.999, noNaN: true }),
      entry,
      (mean, variance, w, g) => {
        const squares = mean * mean + variance;
        const spread = (beta: number) => {
          const p = (1 - beta) / (beta * w + 1 - beta);
          const sigma = Math.max(0, squares - mean * mean);
          return (1 - p) * sigma + p * (1 - p) * (g - mean) ** 2;
        };
        const best = spread(mostVaried(mean * w, squares * w, w, g, bounds));
        for (let beta = 0.5; beta <= 0.999; beta += 0.01) assert.ok(spread(beta) <= best + 1e-9 * (1 + best));
      },
    ),
  );
});

test("the mean square of a constant gradient is exact from the first step, and the weights stay within (0, 1)", () => {
  const averages = new VariedAverages({ low: 0.5, high: 0.9 }, 1, f64);
  for (let t = 1; t <= 100; t++) {
    averages.absorb(Float64Array.of(3));
    const w = averages.state.weights[0]!;
    assert.ok(w > 0 && w < 1, `${w}`);
    assertNear([averages.root(0)], [3], 1e-12);
  }
});

test("LaMAdam at a constant rate steps by the corrected average of normalised gradients", () => {
  const stepper = laMAdam({ b1: 0.5, low: 0, high: 0 }).open(n2.layout, f64);
  const moves = [2, -3, 5].map((g) => {
    const x = f64(2);
    stepper.step(x, Float64Array.of(g, -g), 0.1);
    return x[0]!;
  });
  // With weights of 0 n_t = sign(g_t): averages ½, −¼, 3/8 over 1 − 2^−t.
  assertNear(moves, [-0.1, 0.1 / 3, -0.1 * (3 / 7)], 1e-12);
});

test("bounds the wrong way round are refused", () => {
  assert.throws(() => mAdam({ low: 0.99, high: 0.9 }), { code: "config" });
  assert.throws(() => laMAdam({ low: 0.99 }), { code: "config" });
});
