import assert from "node:assert/strict";
import { test } from "node:test";
import { near, Table } from "../aggregators/aggregator.contract.ts";
import { parseAggregator } from "../aggregators/registry.ts";
import { ConfigError } from "../base/errors.ts";
import { flatLayout } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import type { Batch } from "../ports/dataset.ts";
import type { Model } from "../ports/model.ts";
import { isLiar, lying, parseByzantine } from "./byzantine.ts";

const LENGTH = 400;
const ROWS = 40;
const CLASSES = 5;

/** f = ½ mean ‖x − row‖²: a gradient is x less the mean of the rows; entry 0 tells the mean label, the loss the size. */
const model: Model = {
  name: "quadratic",
  engine: "analytic",
  layout: flatLayout(LENGTH),
  init: (_, params) => void params.fill(0),
  gradient(params, { size, inputs, targets }, out) {
    out.set(params);
    for (let row = 0; row < size; row++) {
      for (let j = 0; j < LENGTH; j++) out[j]! -= inputs[row * LENGTH + j]! / size;
    }
    out[0] = targets.subarray(0, size).reduce((sum, target) => sum + target, 0) / size;
    return Promise.resolve(size);
  },
  evaluate: () => Promise.resolve({ loss: 0.25, accuracy: 0.75 }),
  curvature: () => ({ L: 1, Ltilde: 1, Lmax: 1 }),
  close: () => Promise.resolve(),
};

/** Rows of mean −1 and deviation 2, so that at 0 a gradient of 40 rows is 1 ± 2/√40. */
function batchOf(seed: number, size = ROWS): Batch {
  const rng = Random.fromSeed(seed);
  return {
    size,
    inputs: Float32Array.from({ length: size * LENGTH }, (_, i) => 2 * rng.normal(i) - 1),
    targets: Int32Array.from({ length: size }, (_, i) => i % CLASSES),
  };
}

const swarm = { workers: 10, classes: CLASSES };
const rng = Random.fromSeed(9);
const lies = (attack: string, liar = 7) =>
  lying(model, parseByzantine(`3:${attack}`, "test"), swarm, rng.split(`liar/${liar}`));

async function gradientOf(of: Model, batch: Batch, params: Float32Array = new Float32Array(LENGTH)) {
  const out = new Float32Array(LENGTH).fill(Number.NaN);
  const loss = await of.gradient(params, batch, out);
  return { out, loss };
}

test("sign-flip, scaled and inner-product send the gradient times a number", async () => {
  const { out: honest } = await gradientOf(model, batchOf(1));
  const factors = {
    "sign-flip": -1,
    "sign-flip:4": -4,
    "scaled:100": 100,
    "inner-product": -0.1,
    "inner-product:0.5": -0.5,
  };
  for (const [attack, factor] of Object.entries(factors)) {
    const { out } = await gradientOf(lies(attack), batchOf(1));
    assert.deepEqual(
      out,
      honest.map((value) => Math.fround(factor) * value),
    );
  }
});

test("label-flip sends the gradient of the same rows under opposite labels, and leaves the batch as it was", async () => {
  const batch = { ...batchOf(1), targets: new Int32Array(ROWS).fill(1) };
  const { out } = await gradientOf(lies("label-flip"), batch);
  const { out: honest } = await gradientOf(model, batch);
  assert.equal(honest[0], 1);
  assert.equal(out[0], CLASSES - 1 - 1);
  assert.deepEqual(out.subarray(1), honest.subarray(1));
  assert.ok(batch.targets.every((target) => target === 1));
});

test("random sends noise of the deviation asked for, which depends on liar, batch and parameters and on nothing else", async () => {
  const { out } = await gradientOf(lies("random:10"), batchOf(1));
  const deviation = Math.sqrt(out.reduce((sum, value) => sum + value * value, 0) / LENGTH);
  assert.ok(Math.abs(deviation - 10) < 1.5, `${deviation}`);
  const liar = lies("random:10");
  await gradientOf(liar, batchOf(2));
  assert.deepEqual((await gradientOf(liar, batchOf(1))).out, out);
  for (const other of [
    await gradientOf(lies("random:10", 8), batchOf(1)),
    await gradientOf(liar, batchOf(2)),
    await gradientOf(liar, batchOf(1), new Float32Array(LENGTH).fill(1)),
  ]) {
    assert.notDeepEqual(other.out, out);
  }
});

/** Mean over coordinates of how far the lie lies below the honest gradient, in deviations among workers. */
async function shiftOf(attack: string, workers: number, liars: number): Promise<number> {
  const byzantine = parseByzantine(`${liars}:${attack}`, "test");
  const liar = lying(model, byzantine, { workers, classes: CLASSES }, rng);
  let sum = 0;
  for (let seed = 0; seed < 10; seed++) {
    const [{ out }, { out: honest }] = [await gradientOf(liar, batchOf(seed)), await gradientOf(model, batchOf(seed))];
    for (let j = 1; j < LENGTH; j++) sum += honest[j]! - out[j]!;
  }
  return sum / (10 * (LENGTH - 1)) / (2 / Math.sqrt(ROWS));
}

test("little-is-enough stays within z deviations among workers, estimated from the liar's own rows", async () => {
  // The mean of the deviation of four normal values is 0.9213 of the true one.
  near([await shiftOf("little-is-enough:1.5", 10, 1)], [1.5 * 0.9213], 0.05);
  near([await shiftOf("little-is-enough:-1", 10, 1)], [-0.9213], 0.05);
  // n = 50, f = 24: k = 2, Φ⁻¹(24/26) = 1.426;  n = 10, f = 4: k = 2, Φ⁻¹(4/6) = 0.4307;  n = 5, f = 1: Φ⁻¹(2/4) = 0.
  near([await shiftOf("little-is-enough", 50, 24)], [1.4261 * 0.9213], 0.05);
  near([await shiftOf("little-is-enough", 10, 4)], [0.4307 * 0.9213], 0.02);
  near([await shiftOf("little-is-enough", 5, 1)], [0], 1e-6);
});

test("little-is-enough tells the truth from a batch of one row, and copes with rows that do not divide by four", async () => {
  const one = batchOf(1, 1);
  assert.deepEqual((await gradientOf(lies("little-is-enough:2"), one)).out, (await gradientOf(model, one)).out);
  const { out } = await gradientOf(lies("little-is-enough:2"), batchOf(1, 7));
  assert.ok(out.every(Number.isFinite));
  assert.notDeepEqual(out, (await gradientOf(model, batchOf(1, 7))).out);
});

test("a liar's loss and metrics are those of the honest model", async () => {
  for (const attack of ["sign-flip", "scaled:3", "random:1", "inner-product", "little-is-enough:1", "label-flip"]) {
    const liar = lies(attack);
    assert.equal((await gradientOf(liar, batchOf(1))).loss, ROWS);
    const data = { ...batchOf(1), name: "rows", rows: ROWS, inputShape: [LENGTH], classes: CLASSES };
    assert.deepEqual(await liar.evaluate(new Float32Array(LENGTH), data), { loss: 0.25, accuracy: 0.75 });
    assert.deepEqual(liar.curvature?.(data, []), { L: 1, Ltilde: 1, Lmax: 1 });
    assert.equal(liar.name, "quadratic");
  }
});

test("the liars are the last workers of the view", () => {
  const two = parseByzantine("2:sign-flip", "test");
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((worker) => isLiar(two, worker, 5)),
    [false, false, false, true, true],
  );
});

test("specs have one canonical name, and bad ones are refused by the option's name", () => {
  const names = {
    "1:sign-flip": "1:sign-flip",
    "1:sign-flip:1": "1:sign-flip",
    " 2: random:1e1": "2:random:10",
    "3:inner-product:0.1": "3:inner-product",
    "1:little-is-enough": "1:little-is-enough",
    "1:little-is-enough:1.50": "1:little-is-enough:1.5",
  };
  for (const [text, name] of Object.entries(names)) assert.equal(parseByzantine(text, "test").name, name);
  assert.throws(() => parseByzantine("1:sign-flop", "--byzantine"), /--byzantine.*Did you mean sign-flip\?/s);
  for (const bad of [
    "sign-flip",
    "0:sign-flip",
    "1.5:sign-flip",
    "1:",
    "1:random",
    "1:scaled",
    "1:scaled:x",
    "1:label-flip:2",
    "1:sign-flip:1,2",
  ]) {
    assert.throws(() => parseByzantine(bad, "--byzantine"), ConfigError, bad);
  }
});

test("an attack that does not work in a swarm is refused before the first round", () => {
  const open = (spec: string, of: typeof swarm) => lying(model, parseByzantine(spec, "test"), of, rng);
  assert.throws(() => open("5:little-is-enough", swarm), ConfigError);
  open("5:little-is-enough:1", swarm);
  open("4:little-is-enough", swarm);
  assert.throws(() => open("1:label-flip", { ...swarm, classes: 0 }), ConfigError);
});

const STEPS = 30;
const shares = Array.from({ length: 10 * STEPS }, (_, seed) => batchOf(seed, 8));

/** Distance from the optimum of all rows after 30 steps of 0.2 with ten workers, the last three of which lie. */
async function trained(attack: string, aggregator: string): Promise<number> {
  const workers = Array.from({ length: 10 }, (_, i) => (i < 7 ? model : lies(attack, i)));
  const table = new Table(parseAggregator(aggregator, "test"), 10, flatLayout(LENGTH));
  const params = new Float32Array(LENGTH);
  for (let round = 0; round < STEPS; round++) {
    const gradients = await Promise.all(
      workers.map(async (worker, i) => (await gradientOf(worker, shares[10 * round + i]!, params)).out),
    );
    const step = table.round(gradients, rng.split(`round/${round}`));
    for (let j = 0; j < LENGTH; j++) params[j]! -= 0.2 * step[j]!;
  }
  return Math.sqrt(params.subarray(1).reduce((sum, value) => sum + (value + 1) ** 2, 0) / (LENGTH - 1));
}

test("three liars of ten stop the mean from finding the optimum, and robust aggregators find it", async () => {
  for (const attack of ["sign-flip:4", "random:100", "scaled:-10"]) {
    assert.ok((await trained(attack, "mean")) > 0.6, `${attack}: mean`);
    for (const robust of ["median", "trimmed-mean:3", "krum:3", "multi-krum:3,m=4", "geometric-median"]) {
      const error = await trained(attack, robust);
      assert.ok(error < 0.4, `${attack}: ${robust} is off by ${error}`);
    }
  }
});
