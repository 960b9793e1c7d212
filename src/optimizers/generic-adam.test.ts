import assert from "node:assert/strict";
import { test } from "node:test";
import { checkGenericAdam, genericAdam, powerFamilyConverges } from "./generic-adam.ts";
import { assertNear } from "./trajectories.contract.ts";

const beta = () => 0.9;
const power = (s: number, r: number, weight: number, rounds = 10_000) =>
  checkGenericAdam(
    (t) => 0.1 * t ** -s,
    (t) => 1 - weight * t ** -r,
    beta,
    rounds,
  );

test("the bound R and the growth of χ are as published for known schedules", () => {
  const rows = [
    [0, 0, 0.001, [0.0316227766, 0.0316227766, 0.0316227766], 1],
    [0.5, 0, 0.001, [0.05878548889, 0.06180100877, 0.06278532969], 1],
    [0.5, 1, 0.9, [0.4921178412, 0.2245641258, 0.09285338374], 1],
    [0.5, 0.5, 0.9, [0.875029128, 0.5716553693, 0.3468311629], 1],
    [0.25, 1, 0.9, [0.2767085063, 0.1016562973, 0.03468311629], 10],
  ] as const;
  for (const [s, r, weight, bound, factor] of rows) {
    const found = power(s, r, weight);
    assertNear(found.bound, bound, 1e-10, `R at s = ${s}, r = ${r}`);
    assertNear([found.c3Factor], [factor], 1e-9, `χ at s = ${s}, r = ${r}`);
  }
});

test("each condition that fails is named", () => {
  assert.equal(power(0, 0, 0.001).verdict, "C4 suspect");
  assert.equal(power(0.5, 0, 0.001).verdict, "C4 suspect");
  assert.equal(power(0.5, 1, 0.9).verdict, "pass");
  assert.equal(power(0.5, 0.5, 0.9).verdict, "pass");
  assert.equal(power(0.25, 1, 0.9).verdict, "C3 suspect");
  const alpha = () => 0.1;
  assert.equal(checkGenericAdam(alpha, (t) => 1 / (1 + t), beta, 100).c2, false); // falling
  assert.equal(checkGenericAdam(alpha, () => 1, beta, 100).c2, false);
  assert.equal(
    checkGenericAdam(
      alpha,
      () => 0.9,
      () => 1,
      100,
    ).c1,
    false,
  );
  assert.equal(
    checkGenericAdam(
      alpha,
      () => 0.9,
      () => 1,
      100,
    ).verdict,
    "fail",
  );
});

test("with a horizon, R is √(θ₀/T)", () => {
  const rounds = 1000;
  const { bound } = checkGenericAdam(
    () => 0.1 / Math.sqrt(rounds),
    () => 1 - 0.5 / rounds,
    beta,
    rounds,
  );
  assertNear([bound[2]], [Math.sqrt(0.5 / rounds)], 1e-12);
});

test("the closed form of the power family agrees with the table", () => {
  const verdicts = [
    [0, 0],
    [0, 0.5],
    [1, 0.5],
    [0.5, 0.5],
    [1, 0.25],
    [1, 1],
  ].map(([r, s]) => powerFamilyConverges(r!, s!));
  assert.deepEqual(verdicts, [false, false, true, true, false, false]);
});

test("schedules that break a condition are warned of", () => {
  const use = { learningRate: 0.1, rounds: 1000, batch: 32 };
  const warned = (options: Parameters<typeof genericAdam>[0]) => genericAdam(options).warnings?.(use).length;
  assert.equal(warned({}), 0);
  assert.equal(warned({ thetaPower: 0 }), 2); // and θ_T = 0.1 is below β²
  assert.equal(warned({ thetaPower: 0, theta: 0.001 }), 1);
  assert.equal(warned({ ratePower: 0.25 }), 1);
});
