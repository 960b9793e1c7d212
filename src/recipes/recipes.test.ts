import assert from "node:assert/strict";
import { test } from "node:test";
import { layoutOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { bitsPerSecond, seconds } from "../base/units.ts";
import { parseCompressor } from "../compressors/registry.ts";
import type { Batch } from "../ports/dataset.ts";
import type { Model } from "../ports/model.ts";
import { peerId } from "../ports/view.ts";
import { simulate } from "../simulation/simulate.ts";
import type { Momentum } from "./method.ts";
import type { Recipe } from "./recipe.ts";
import { recipes } from "./registry.ts";

const DIMENSION = 12;
const ROUNDS = 40;

/** Worker i has f_i = ½ Σ_j a_j (x_j − c_ij)², so that the mean's minimum is the mean of the centres. */
const curvature = Float32Array.from({ length: DIMENSION }, (_, j) => 1 + (j % 4));
const centre = (worker: number): Float32Array => {
  const rng = Random.fromSeed(3).split(`centre/${worker}`);
  return Float32Array.from({ length: DIMENSION }, (_, j) => rng.normal(j));
};

function quadratic(worker: number): Model {
  const c = centre(worker);
  return {
    name: "quadratic",
    engine: "analytic",
    layout: layoutOf([["x", [DIMENSION]]]),
    init: (_, params) => void params.fill(0),
    gradient: (params, _, out) => {
      for (let j = 0; j < DIMENSION; j++) out[j] = curvature[j]! * (params[j]! - c[j]!);
      return Promise.resolve(0);
    },
    evaluate: () => Promise.resolve({ loss: 0 }),
    close: () => Promise.resolve(),
  };
}

const EMPTY: Batch = { size: 1, inputs: new Float32Array(1), targets: new Int32Array(1) };

async function parameters(
  recipe: Recipe,
  compressor: string,
  momentum: Momentum,
  workers = 4,
  rounds = ROUNDS,
  learningRate = 0.05,
): Promise<readonly Float32Array[]> {
  const members = Array.from({ length: workers }, (_, i) => peerId(i));
  const parsed = parseCompressor(compressor, "test");
  const method = recipe.build({ up: parsed, down: parsed });
  const rate = bitsPerSecond(Number.POSITIVE_INFINITY);
  const { results } = await simulate(
    { view: { epoch: 0, members, workers: members }, seed: 1, link: { up: rate, down: rate, latency: seconds(0) } },
    async (peer) => {
      const params = new Float32Array(DIMENSION);
      const learner = method.open({
        peer,
        model: quadratic(peer.id),
        batches: { at: () => EMPTY },
        params,
        settings: { learningRate, momentum, stepCost: seconds(0), codecCost: seconds(0) },
      });
      for (let number = 0; number < rounds; number++) await learner.step({ number, attempt: 0 }, 0);
      return params;
    },
  );
  return results;
}

const none: Momentum = { factor: 0, at: "worker" };
const distance = (x: Float32Array, y: Float32Array) => Math.hypot(...x.map((value, i) => value - y[i]!));
const optimum = (workers: number) => {
  const all = Array.from({ length: workers }, (_, i) => centre(i));
  return Float32Array.from({ length: DIMENSION }, (_, j) => all.reduce((sum, c) => sum + c[j]!, 0) / workers);
};

for (const recipe of recipes.values()) {
  test(`${recipe.name}: with the identity compressor it is gradient descent on the mean loss`, async () => {
    const found = (await parameters(recipe, "identity", none))[0]!;
    const x = new Float64Array(DIMENSION);
    const best = optimum(4);
    for (let t = 0; t < ROUNDS; t++) {
      for (let j = 0; j < DIMENSION; j++) x[j]! -= 0.05 * curvature[j]! * (x[j]! - best[j]!);
    }
    assert.ok(distance(found, Float32Array.from(x)) < 1e-5);
  });

  test(`${recipe.name}: all peers hold the same parameters, bit for bit`, async () => {
    for (const momentum of [none, { factor: 0.9, at: "worker" }, { factor: 0.9, at: "server" }] as const) {
      const all = await parameters(recipe, recipe.compresses ? "top-k:2" : "identity", momentum);
      for (const params of all) assert.deepEqual(params, all[0]);
    }
  });

  test(`${recipe.name}: without compression, momentum before and after the average are equal`, async () => {
    const before = await parameters(recipe, "identity", { factor: 0.9, at: "worker" });
    const after = await parameters(recipe, "identity", { factor: 0.9, at: "server" });
    assert.ok(distance(before[0]!, after[0]!) < 1e-5);
  });
}

/** Sums of three shares show their order in the last bits; only f32 arithmetic of our own goes into these runs. */
const golden: readonly [string, string, Momentum, string][] = [
  ["sgd", "identity", { factor: 0.9, at: "server" }, "3dd1eaf9 3f360ae7 3fac69fd 3ed17e33"],
  ["double-squeeze", "top-k:2", { factor: 0.9, at: "worker" }, "bf88adac be858574 3fa12c5a 3fdb0a33"],
  ["double-squeeze", "sign", { factor: 0.5, at: "server" }, "3e968691 3f71dd7a 3f8cf3c0 3ee80d26"],
];

for (const [name, compressor, momentum, expected] of golden) {
  test(`${name} with ${compressor}: three workers and 40 rounds give the bits on record`, async () => {
    const [params] = await parameters(recipes.get(name)!, compressor, momentum, 3);
    const words = [...new Uint32Array(params!.buffer, params!.byteOffset, 4)];
    assert.equal(words.map((word) => word.toString(16).padStart(8, "0")).join(" "), expected);
  });
}

test("double-squeeze nears the optimum of heterogeneous workers as the step shrinks, though 10 of 12 entries wait", async () => {
  const recipe = recipes.get("double-squeeze")!;
  const coarse = distance((await parameters(recipe, "top-k:2", none, 4, 400, 0.05))[0]!, optimum(4));
  const fine = distance((await parameters(recipe, "top-k:2", none, 4, 4000, 0.005))[0]!, optimum(4));
  assert.ok(fine < coarse / 5 && fine < 0.05, `distances ${coarse} and ${fine}`);
});

test("double-squeeze warns of a compressor without a law and of momentum after the average", () => {
  const recipe = recipes.get("double-squeeze")!;
  const use = { length: 10, workers: 4, learningRate: 0.1, momentum: { factor: 0.9, at: "worker" } as Momentum };
  const topK = parseCompressor("top-k:2", "test");
  const plainSign = parseCompressor("sign:scale=none", "test");
  assert.deepEqual(recipe.warnings({ ...use, up: topK, down: topK }), []);
  assert.match(recipe.warnings({ ...use, up: plainSign, down: plainSign }).join("\n"), /contractive/);
  const qsgd = parseCompressor("qsgd:levels=7,bucket=512", "test");
  assert.match(recipe.warnings({ ...use, length: 1000, up: qsgd, down: topK }).join("\n"), /ω = 2\.61, not below 1/);
  const natural = parseCompressor("natural", "test");
  assert.deepEqual(recipe.warnings({ ...use, up: natural, down: natural }), []);
  const late: Momentum = { factor: 0.9, at: "server" };
  assert.match(recipe.warnings({ ...use, up: topK, down: topK, momentum: late }).join("\n"), /0.9@worker is sound/);
});
