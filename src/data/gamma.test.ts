import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/random.ts";
import { dirichlet, logGammas } from "./gamma.ts";

const DRAWS = 20_000;

test("gamma variates have the mean and the variance of their shape", () => {
  // A sample variance has the variance (μ₄ − σ⁴)/n = (6·shape + 2·shape²)/n; bounds are five standard errors (p = 10⁻⁵).
  for (const shape of [0.2, 0.7, 1, 2.5, 30]) {
    const logGamma = logGammas(Random.fromSeed(11).split(`shape/${shape}`));
    const draws = Float64Array.from({ length: DRAWS }, () => Math.exp(logGamma(shape)));
    const mean = draws.reduce((sum, x) => sum + x, 0) / DRAWS;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / DRAWS;
    assert.ok(Math.abs(mean - shape) < 5 * Math.sqrt(shape / DRAWS), `mean ${mean} of shape ${shape}`);
    assert.ok(Math.abs(variance - shape) < 5 * Math.sqrt((6 * shape + 2 * shape ** 2) / DRAWS), `variance ${variance}`);
  }
});

test("the logarithm of a gamma variate of tiny shape has mean −γ − 1/shape", () => {
  const shape = 0.001; // G itself is below the smallest number in one draw of two
  const logGamma = logGammas(Random.fromSeed(12));
  let sum = 0;
  for (let i = 0; i < DRAWS; i++) sum += logGamma(shape);
  const digamma = -0.5772156649 - 1 / shape; // up to π²/6 · shape
  assert.ok(Math.abs(sum / DRAWS - digamma) < 5 / shape / Math.sqrt(DRAWS), `${sum / DRAWS}`);
});

test("Dirichlet shares sum to 1, and their squares to (α + 1)/(nα + 1) in the mean", () => {
  const n = 10;
  for (const [alpha, expected] of [
    [0.1, 0.55],
    [0.5, 0.25],
    [1, 2 / 11],
    [10, 11 / 101],
  ] as const) {
    const logGamma = logGammas(Random.fromSeed(13).split(`alpha/${alpha}`));
    const squares = Float64Array.from({ length: 4000 }, () => {
      const shares = dirichlet(alpha, n, logGamma);
      assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-12);
      return shares.reduce((sum, share) => sum + share * share, 0);
    });
    const mean = squares.reduce((sum, x) => sum + x, 0) / squares.length;
    const deviation = Math.sqrt(squares.reduce((sum, x) => sum + (x - mean) ** 2, 0) / squares.length);
    assert.ok(Math.abs(mean - expected) < (5 * deviation) / Math.sqrt(squares.length), `${mean}, expected ${expected}`);
  }
});

test("a tiny concentration gives one peer nearly everything, and no share is lost to 0/0", () => {
  const shares = dirichlet(1e-4, 1000, logGammas(Random.fromSeed(14)));
  assert.ok(shares.every(Number.isFinite));
  assert.ok(Math.max(...shares) > 0.9);
});
