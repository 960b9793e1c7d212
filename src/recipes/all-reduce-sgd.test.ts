import assert from "node:assert/strict";
import { test } from "node:test";
import { mean } from "../aggregators/mean.ts";
import { layoutOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { parseOptimizer } from "../optimizers/registry.ts";
import { ALL_REDUCES } from "../patterns/all-reduce.ts";
import type { Model } from "../ports/model.ts";
import type { RecipeUse } from "./recipe.ts";
import { parseRecipe } from "./registry.ts";
import { none, quadratic, runTrial, type Trial } from "./trial.contract.ts";

const layout = layoutOf([
  ["weight", [8, 6]],
  ["bias", [5]],
]);
const centre = (worker: number): number[] => {
  const rng = Random.fromSeed(4).split(`centre/${worker}`);
  return Array.from({ length: layout.length }, (_, j) => Math.fround(rng.normal(j)));
};
/** ½‖x − c_i‖² */
const models = (n: number): Model[] => Array.from({ length: n }, (_, i) => ({ ...quadratic(centre(i)), layout }));
const optimum = (n: number) => centre(0).map((_, j) => models(n).reduce((sum, __, i) => sum + centre(i)[j]! / n, 0));
const distance = (x: ArrayLike<number>, y: ArrayLike<number>) =>
  Math.hypot(...Array.from(x, (value, i) => value - y[i]!));
const run = (recipe: string, trial: Partial<Trial> = {}) =>
  runTrial(recipe, { models: models(6), rounds: 30, ...trial });

test("every way of averaging takes the steps of SGD on a server, but for the last bits", async () => {
  const momentum = { factor: 0.9, at: "server" } as const;
  const { trace: sgd } = await run("sgd", { momentum });
  const ways = ALL_REDUCES.flatMap((by) => [`all-reduce-sgd:by=${by}`, `all-reduce-sgd:by=${by},group=2,bucket=0.1`]);
  for (const recipe of [...ways, "bagua:precision=full", "bagua:precision=full,group=4"]) {
    for (const ownServer of [false, true]) {
      const { trace, params } = await run(recipe, { momentum, ownServer });
      assert.ok(distance(trace.at(-1)!, sgd.at(-1)!) < 1e-5, recipe);
      for (const own of params) assert.deepEqual(own, params[0]);
    }
  }
});

test("an all-gather of random messages takes the very steps of compressed SGD on a server", async () => {
  const { params: server } = await run("compressed-sgd", { up: "qsgd:levels=3,bucket=8" });
  const { params } = await run("qsgd-all-gather", { up: "qsgd:levels=3,bucket=8" });
  assert.deepEqual(params, server);
});

for (const recipe of [
  "all-reduce-sgd",
  "all-reduce-sgd:group=2,bucket=0.1",
  "bagua:feedback=true",
  "adasum:steps=2,group=2",
]) {
  test(`${recipe}: saved and restored, or with a round undone, it goes on bit for bit, with a server of its own too`, async () => {
    const compressed = recipe.startsWith("adasum") ? {} : { up: "top-k:0.1" };
    for (const ownServer of [false, true]) {
      const trial = { ...compressed, ownServer, rounds: 10, momentum: { factor: 0.9, at: "worker" } } as const;
      const { trace, params } = await run(recipe, trial);
      for (const own of params) assert.deepEqual(own, params[0]);
      assert.deepEqual((await run(recipe, { ...trial, restartAt: 6 })).trace, trace);
      assert.deepEqual((await run(recipe, { ...trial, undoneAt: 6 })).trace, trace);
    }
  });
}

test("with error feedback a tenth of the entries nears the optimum as the step shrinks, without it does not", async () => {
  const trial = { up: "top-k:0.1", rounds: 400, learningRate: 0.02 };
  const last = async (recipe: string) => distance((await run(recipe, trial)).trace.at(-1)!, optimum(6));
  const [with_, without] = [await last("all-reduce-sgd"), await last("all-reduce-sgd:feedback=false")];
  assert.ok(with_ < 0.2 && without > 10 * with_, `${with_} and ${without}`);
});

test("BAGUA's 8 bits come within a hundredth of the optimum without feedback", async () => {
  const { trace } = await run("bagua", { rounds: 150 });
  const [first, last] = [trace[0]!, trace.at(-1)!].map((x) => distance(x, optimum(6)));
  assert.ok(last! < 0.01 * first!, `${last} after ${first}`);
});

/** f = slope · x */
const linear = (slope: readonly number[]): Model => ({
  ...quadratic(slope),
  gradient(_, __, out) {
    out.set(slope);
    return Promise.resolve(0);
  },
});

test("Adasum of the first steps of Adam is worked out by hand: what is opposite goes, what agrees is averaged", async () => {
  // The differences are (0.1, 0.1) and (−0.1, 0.1): orthogonal, so they are summed.
  const { trace } = await runTrial("adasum", {
    models: [linear([3, 2]), linear([-1, 4])],
    rounds: 1,
    learningRate: 0.1,
    settings: { optimizer: parseOptimizer("adam:eps=1e-12", "test") },
  });
  assert.ok(distance(trace[0]!, [0, -0.2]) < 1e-6, `${trace[0]}`);
});

test("with plain SGD and one local step, Adasum of differences is Adasum of gradients", async () => {
  const { trace } = await run("adasum");
  const { trace: gradients } = await run("adasum:of=gradients");
  assert.ok(distance(trace.at(-1)!, gradients.at(-1)!) < 1e-5);
});

test("Adasum needs fewer steps than the mean, and bears a step size at which the sum diverges", async () => {
  // Worker i sees coordinate i alone, and all see the last: gradients are nearly orthogonal there, and parallel here.
  const n = 8;
  const curvature = (i: number) => Array.from({ length: n + 1 }, (_, j) => (j === n ? 1 : j === i ? 1 : 0));
  const far = Array.from({ length: n + 1 }, () => 1);
  const parts = Array.from({ length: n }, (_, i) => quadratic(far, curvature(i)));
  const at = async (recipe: string, learningRate: number) =>
    distance((await runTrial(recipe, { models: parts, rounds: 30, learningRate, momentum: none })).trace.at(-1)!, far);
  const [adasum, average, sum] = [await at("adasum", 0.5), await at("sgd", 0.5), await at("sgd", 0.5 * n)];
  assert.ok(adasum < average / 10 && sum > 1e3, `${adasum}, ${average}, ${sum}`);
});

const usual = {
  aggregate: mean,
  workers: 4,
  byzantine: 0,
  skewed: false,
  momentum: none,
  length: 10,
  learningRate: 0.1,
};
function warnings(recipe: string, spec: string, more: Partial<RecipeUse> = {}): string {
  const [up, down] = [parseCompressor(spec, "test"), parseCompressor(spec, "test")];
  return parseRecipe(recipe, "test")
    .warnings({ ...usual, up, down, ...more })
    .join("\n");
}

test("recipes without a server warn of compressors, momenta and numbers of workers that do not suit them", () => {
  assert.equal(warnings("all-reduce-sgd", "top-k:2"), "");
  assert.match(warnings("all-reduce-sgd:by=ring", "top-k:2"), /by=ring is for plain f32/);
  assert.equal(warnings("all-reduce-sgd:by=ring", "identity"), "");
  assert.match(
    warnings("all-reduce-sgd", "top-k:2", { momentum: { factor: 0.9, at: "server" } }),
    /0.9@worker is sound/,
  );
  assert.match(warnings("all-reduce-sgd:feedback=false", "top-k:2"), /biased/);
  assert.match(warnings("all-reduce-sgd", "sign:scale=none"), /contractive/);
  const curvature = { L: 2, Ltilde: 2, Lmax: 2 };
  assert.match(warnings("all-reduce-sgd", "identity", { learningRate: 2, curvature }), /above the theory's 1.00/);
  assert.match(warnings("bagua:feedback=true", "sign:scale=none"), /contractive/);
  assert.equal(warnings("bagua", "blockwise:range=bagua"), "");
  const plain = { down: parseCompressor("identity", "test") };
  assert.equal(warnings("qsgd-all-gather", "natural", plain), "");
  assert.match(warnings("qsgd-all-gather", "natural"), /--down has no effect/);
  assert.match(warnings("qsgd-all-gather", "top-k:2", plain), /biased/);
  assert.equal(warnings("adasum", "identity"), "");
  assert.match(warnings("adasum", "identity", { workers: 6 }), /6 workers are no power of two/);
  assert.equal(warnings("adasum:group=3", "identity", { workers: 6 }), "");
  assert.match(warnings("adasum:of=gradients,steps=3", "identity"), /steps=3 has no effect/);
});
