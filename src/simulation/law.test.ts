import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { parseLaw } from "./law.ts";

const DRAWS = 200_000;

/** With the standard deviation of one draw. */
const laws: readonly (readonly [spec: string, mean: number, deviation: number])[] = [
  ["constant", 1, 0],
  ["exponential", 1, 1],
  ["shifted-exponential:0.4", 1.4, 0.4],
  ["lognormal:0.3", Math.exp(0.045), 0.32],
  ["normal:0.2", 1.0000000107, 0.2],
  ["normal:2", 1.3955931149, 1.5],
  ["pareto:2.5", 5 / 3, 1.5],
  ["weibull:0.5", 2, Math.sqrt(20)],
];

for (const [spec, mean, deviation] of laws) {
  test(`factors of ${spec} have the mean ${mean.toFixed(3)}, and none is below 0`, () => {
    const law = parseLaw(spec, "law");
    const rng = Random.fromSeed(3).split(spec);
    let sum = 0;
    for (let i = 0; i < DRAWS; i++) {
      const factor = law.draw(rng, i);
      assert.ok(factor >= 0);
      sum += factor;
    }
    assert.equal(law.name, spec);
    assert.ok(Math.abs(law.mean - mean) < 1e-9, `the law says ${law.mean}`);
    assert.ok(Math.abs(sum / DRAWS - mean) <= (4 * deviation) / Math.sqrt(DRAWS), `drawn: ${sum / DRAWS}`);
  });
}

test("the slowest of 32 exponential steps takes H₃₂ = 4.0585 times the mean", () => {
  const law = parseLaw("exponential", "law");
  const rng = Random.fromSeed(1);
  const steps = 10_000;
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    let slowest = 0;
    for (let peer = 0; peer < 32; peer++) slowest = Math.max(slowest, law.draw(rng, 32 * step + peer));
    sum += slowest;
  }
  assert.ok(Math.abs(sum / steps - 4.0585) < (3 * 1.28) / Math.sqrt(steps));
});

test("a law that nobody knows, or without its parameter, is named", () => {
  for (const [spec, message] of [
    ["lognorml:0.3", /Did you mean lognormal/],
    ["pareto", /pareto/],
    ["pareto:0", /pareto.*at least 0\.01/],
    ["exponential:2", /at most 0 plain/],
  ] as const) {
    assert.throws(
      () => parseLaw(spec, "--jitter"),
      (error) => error instanceof ConfigError && /--jitter/.test(error.where) && message.test(error.message),
    );
  }
});
