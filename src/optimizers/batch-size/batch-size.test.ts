import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Random } from "../../base/random.ts";
import { assertNear } from "../trajectories.contract.ts";
import { AdaptiveBatch, randomGrow } from "./adaptive-batch.ts";
import { type Deviations, deviationOf, deviations, varianceOf } from "./deviations.ts";
import { augmentedTest, innerProductTest, normTest, orthogonalityTest } from "./tests.ts";
import { nonconvexStage, plStages, twoScaleWarnings } from "./two-scale.ts";

const samples = [
  [1, 2],
  [3, 0],
  [2, 1],
  [0, 1.5],
].map((gradient) => Float64Array.from(gradient));
const mean = Float64Array.of(1.5, 1.125);
const seen = deviations(samples, mean);

test("the variances of a known batch are as published, in f64 and f32", () => {
  for (const found of [
    seen,
    deviations(
      samples.map((x) => Float32Array.from(x)),
      Float32Array.from(mean),
    ),
  ]) {
    assert.equal(found.squaredNorm, 3.515625);
    const across = varianceOf(found, found.total - found.along / found.squaredNorm);
    const variances = [varianceOf(found, found.total), varianceOf(found, found.along), across];
    assertNear(variances, [2.39583333333333, 1.5791015625, 1.94666666666667], 1e-14);
  }
});

test("a loose test passes, and a tight one asks for the published sizes", () => {
  assert.deepEqual([normTest()(seen), innerProductTest()(seen), orthogonalityTest()(seen)], [1, 1, 1]);
  const tight = [normTest(0.1), innerProductTest(0.1), orthogonalityTest(0.1), augmentedTest(0.1, 0.1)];
  assert.deepEqual(
    tight.map((needed) => needed(seen)),
    [69, 13, 56, 56],
  );
});

test("with the gradient of the whole loss, variances divide by their number", () => {
  const exact = deviations(samples, Float64Array.of(1, 1), { exact: true });
  assertNear([varianceOf(exact, exact.total)], [(1 + 5 + 1 + 1.25) / 4], 1e-15);
  assertNear([varianceOf(exact, exact.along)], [(1 + 1 + 1 + 0.25) / 4], 1e-15);
});

const entry = fc.double({ min: -10, max: 10, noNaN: true });
const batches = fc
  .array(fc.array(entry, { minLength: 3, maxLength: 3 }), { minLength: 2, maxLength: 12 })
  .map((rows) => rows.map((row) => Float64Array.from(row)));
const meanOf = (rows: readonly Float64Array[]): Float64Array =>
  Float64Array.from([0, 1, 2], (i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length);

test("a test passes exactly when its variance over the batch meets the bound", () => {
  fc.assert(
    fc.property(batches, fc.double({ min: 0.1, max: 3, noNaN: true }), (rows, theta) => {
      const g = meanOf(rows);
      const squaredNorm = g.reduce((sum, value) => sum + value * value, 0);
      fc.pre(squaredNorm > 1e-3);
      const b = rows.length;
      const spread = rows.reduce((sum, row) => sum + row.reduce((part, value, i) => part + (value - g[i]!) ** 2, 0), 0);
      const ratio = spread / (b * (b - 1)) / (theta ** 2 * squaredNorm);
      fc.pre(Math.abs(ratio - 1) > 1e-9);
      assert.equal(normTest(theta)(deviations(rows, g)) <= b, ratio < 1);
    }),
  );
});

test("orthogonal parts and parts along g add up to the whole variance", () => {
  fc.assert(
    fc.property(batches, (rows) => {
      const g = meanOf(rows);
      const found = deviations(rows, g);
      fc.pre(found.squaredNorm > 1e-3);
      const across = rows.reduce((sum, row) => {
        const along = row.reduce((part, value, i) => part + value * g[i]!, 0) / found.squaredNorm;
        return sum + row.reduce((part, value, i) => part + (value - along * g[i]!) ** 2, 0);
      }, 0);
      assertNear([found.total - found.along / found.squaredNorm], [across], 1e-9 * (1 + across));
    }),
  );
});

test("sums over workers' parts are the sums over all gradients", () => {
  const parts = samples.map((gradient) => deviationOf(gradient, mean));
  assert.equal(
    parts.reduce((sum, { total }) => sum + total, 0),
    seen.total,
  );
  assert.equal(
    parts.reduce((sum, { along }) => sum + along, 0),
    seen.along,
  );
});

test("means of workers stand for their samples", () => {
  // Four workers whose means are the samples of above, 25 samples each: V of one sample is 25 times theirs.
  const workers = deviations(samples, mean, { batch: 100 });
  assertNear([varianceOf(workers, workers.total)], [25 * 2.39583333333333], 1e-12);
  assert.equal(normTest(0.1)(workers), Math.ceil((25 * 2.395833333333333) / 0.03515625));
});

const failing: Deviations = { ...seen, batch: 4 };

test("the batch grows to what the test asks for, within its bounds, and never shrinks", () => {
  const tight = new AdaptiveBatch({ test: augmentedTest(0.1, 0.1), least: 4, most: 1000 });
  assert.deepEqual(tight.observe(failing), { batch: 56, proposed: 56, passed: false });
  assert.deepEqual(tight.observe({ ...failing, total: 0.1, along: 0.1 }).batch, 56);
  assert.equal(new AdaptiveBatch({ test: normTest(0.1), least: 4, most: 50 }).observe(failing).batch, 50);
  assert.deepEqual(new AdaptiveBatch({ least: 4, most: 50 }).observe(failing), { batch: 4, proposed: 1, passed: true });
});

test("with patience P the smallest of P proposals decides", () => {
  const proposals = [30, 20, 40, 9, 50, 60, 70];
  let next = 0;
  const batch = new AdaptiveBatch({ test: () => proposals[next++]!, least: 10, most: 1000, patience: 3 });
  assert.deepEqual(
    proposals.map(() => batch.observe(failing).batch),
    [10, 10, 20, 20, 20, 20, 20],
  );
  const kept = new AdaptiveBatch({ test: () => 80, least: 10, most: 1000, patience: 3 });
  kept.restore(batch.save());
  assert.deepEqual([kept.batch, kept.observe(failing).batch, kept.observe(failing).batch], [20, 20, 70]);
});

test("a gradient of zero keeps the batch, and a single gradient makes it two", () => {
  const batch = new AdaptiveBatch({ least: 1, most: 100 });
  const zero = batch.observe({ ...failing, squaredNorm: 0 });
  assert.deepEqual([zero.batch, zero.proposed], [1, undefined]);
  assert.match(zero.warning!, /gradient is 0/);
  const single = batch.observe(deviations([samples[0]!], samples[0]!));
  assert.deepEqual([single.batch, single.passed], [2, false]);
});

test("bounds that make no sense and states of another controller are refused", () => {
  for (const [least, most, patience] of [
    [0, 1, 1],
    [2, 1, 1],
    [1, 1.5, 1],
    [1, 2, 0],
  ] as const) {
    assert.throws(() => new AdaptiveBatch({ least, most, patience }), { code: "config" });
  }
  const large = new AdaptiveBatch({ least: 500, most: 1000 });
  assert.throws(() => new AdaptiveBatch({ least: 1, most: 100 }).restore(large.save()), { code: "checkpoint" });
});

test("the random baseline grows by one per cent with its probability, and draws from the round", () => {
  const rng = Random.fromSeed(3);
  const grown = Array.from({ length: 10_000 }, (_, round) => randomGrow(200, round, rng) === 202);
  const share = grown.filter((grows) => grows).length / grown.length;
  assert.ok(Math.abs(share - 0.005) < 0.003, `${share}`);
  assert.equal(randomGrow(200, 5, rng, 0), 200);
  assert.equal(randomGrow(1, 5, rng, 1), 2);
});

test("stages under the PL condition are as published", () => {
  const stages = plStages({ smoothness: 4, variance: 2 }, 1, { batch: 4, gap: 10 }, 0.02);
  const expected = [
    [4, 0.25, 13, 0.481633324176073],
    [8, 0.125, 5, 0.209630759545689],
    [16, 0.0625, 5, 0.0974148189156274],
    [32, 0.03125, 4, 0.0521849622350227],
    [64, 0.015625, 5, 0.0243008504131939],
  ];
  for (const row of expected) {
    const { batch, floor, rounds, gap } = stages.next().value!;
    assertNear([batch, floor, rounds, gap], row, 1e-13);
  }
});

test("stages end when the target is reached, and batches may also grow by a sum", () => {
  const problem = { smoothness: 4, variance: 2 };
  const stages = [...plStages(problem, 1, { batch: 4, gap: 10 }, 0.1, (batch) => batch + 4)];
  assert.ok(stages.at(-1)!.gap <= 0.1 && stages.at(-2)!.gap > 0.1);
  assert.deepEqual(
    stages.slice(0, 3).map(({ batch }) => batch),
    [4, 8, 12],
  );
});

test("a stage without the PL condition ends where both terms of its bound are the same", () => {
  const { rounds } = nonconvexStage({ smoothness: 4, variance: 2 }, 0.25, { batch: 16, gap: 10 });
  assert.equal(rounds, 640);
  assert.equal((2 * 10) / (0.25 * rounds), (4 * 0.25 * 2) / 16);
});

test("stages warn of steps above 1/L and of noise that is not known", () => {
  assert.deepEqual(twoScaleWarnings({ smoothness: 4, variance: 2 }, 0.25), []);
  assert.match(twoScaleWarnings({ smoothness: 4, variance: 2 }, 0.3).join(), /1\/L = 0.25/);
  assert.match(twoScaleWarnings({ smoothness: 4, variance: 0 }, 0.25).join(), /σ² = 0/);
});
