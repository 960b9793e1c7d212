import assert from "node:assert/strict";
import { test } from "node:test";
import { mean } from "../aggregators/mean.ts";
import { Random } from "../base/random.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { parseTopology } from "../topologies/registry.ts";
import { chocoStepSize } from "./choco.ts";
import { parseRecipe, recipes } from "./registry.ts";
import { none, quadratic, runTrial, type Trial } from "./trial.contract.ts";

const DIMENSION = 10;
const N = 8;

/** Peer i has f_i = ½ Σ_j a_ij (x_j − c_ij)²: peers disagree, in their curvature too. */
const normal = (name: string) => (j: number) => Math.fround(Random.fromSeed(4).split(name).normal(j));
const entries = Array.from({ length: DIMENSION }, (_, j) => j);
const centre = (i: number) => entries.map(normal(`centre/${i}`));
const curvature = (i: number) => entries.map((j) => 1 + ((i + j) % 3));
const peers = (n: number) => Array.from({ length: n }, (_, i) => quadratic(centre(i), curvature(i)));
const ids = Array.from({ length: N }, (_, i) => i);
const optimum = entries.map(
  (j) =>
    ids.reduce((sum, i) => sum + curvature(i)[j]! * centre(i)[j]!, 0) /
    ids.reduce((sum, i) => sum + curvature(i)[j]!, 0),
);

const run = (recipe: string, trial: Partial<Trial> = {}) =>
  runTrial(recipe, { models: peers(N), rounds: 40, ...trial });
const distance = (x: ArrayLike<number>, y: ArrayLike<number>) =>
  Math.hypot(...Array.from(x, (value, i) => value - y[i]!));
const meanOf = (all: readonly Float32Array[]) =>
  entries.map((j) => all.reduce((sum, x) => sum + x[j]!, 0) / all.length);
/** √(Σ‖x_i − x‖²/n) */
const error = (all: readonly Float32Array[], x: ArrayLike<number>) =>
  Math.sqrt(all.reduce((sum, own) => sum + distance(own, x) ** 2, 0) / all.length);
const up = (recipe: string, compressor: string): { up?: string } =>
  parseRecipe(recipe, "test").compresses === "none" ? {} : { up: compressor };

const decentralised = [...recipes.values()].filter((recipe) => recipe.decentralised === true).map(({ name }) => name);

for (const order of ["combine-then-adapt", "adapt-then-combine"]) {
  test(`d-psgd, ${order}, on the complete graph: the mean of all models is SGD on a parameter server, with momentum too`, async () => {
    // Where a peer steps after the average its gradient is that of its own model, whose mean is the server's if it is linear.
    const alike = ids.map((i) => quadratic(centre(i), curvature(0)));
    const models = order === "combine-then-adapt" ? alike : peers(N);
    for (const momentum of [none, { factor: 0.9, at: "worker" }] as const) {
      const { trace } = await run("sgd", { models, momentum });
      const { params } = await run(`d-psgd:topology=complete,order=${order}`, { models, momentum });
      assert.ok(distance(meanOf(params), trace.at(-1)!) < 1e-5);
      if (order === "adapt-then-combine") for (const x of params) assert.ok(distance(x, trace.at(-1)!) < 1e-5);
    }
  });
}

test("peers with equal data are one peer, whatever the topology", async () => {
  const one = quadratic(centre(0), curvature(0));
  const { trace } = await run("sgd", { models: [one] });
  for (const recipe of ["d-psgd", "d-psgd:topology=exponential", "choco", "deep-squeeze"]) {
    const { params } = await run(recipe, { ...up(recipe, "identity"), models: ids.map(() => one) });
    for (const x of params) assert.ok(distance(x, trace.at(-1)!) < 1e-5, recipe);
  }
});

test("the mean of all models moves by −η times the mean gradient, whatever the compressor", async () => {
  for (const recipe of ["d-psgd", "d-psgd:order=adapt-then-combine", "choco", "deep-squeeze:gamma=0.05"]) {
    for (const topology of ["ring", "star", "random-regular"]) {
      const spec = `${recipe}${recipe.includes(":") ? "," : ":"}topology=${topology}`;
      const before = await run(spec, { ...up(recipe, "top-k:3"), rounds: 12 });
      const after = await run(spec, { ...up(recipe, "top-k:3"), rounds: 13 });
      const moved = meanOf(before.params).map((value, j) => {
        const gradient = ids.reduce((sum, i) => sum + curvature(i)[j]! * (before.params[i]![j]! - centre(i)[j]!), 0);
        return value - (0.05 * gradient) / N;
      });
      assert.ok(distance(meanOf(after.params), moved) < 2e-6, spec);
    }
  }
});

test("choco with the identity and γ = 1, and deep-squeeze too, is d-psgd that adapts, then combines", async () => {
  for (const topology of ["ring", "hypercube"]) {
    const plain = await run(`d-psgd:topology=${topology},order=adapt-then-combine`);
    for (const recipe of ["choco", "deep-squeeze"]) {
      const { params } = await run(`${recipe}:topology=${topology},gamma=1`, { up: "identity" });
      for (const [i, x] of params.entries()) assert.ok(distance(x, plain.params[i]!) < 1e-5, recipe);
    }
  }
});

test("gradient tracking and exact diffusion reach the optimum of peers that disagree, where d-psgd stops short", async () => {
  const rounds = 800;
  const floor = error((await run("d-psgd", { rounds })).params, optimum);
  assert.ok(floor > 0.05, `${floor}`);
  const exact = [
    ["gradient-tracking", 1e-5],
    ["gradient-tracking:topology=one-peer-exponential", 1e-5],
    ["exact-diffusion", 2e-4], // its correction adds up the rounding of every round
  ] as const;
  for (const [recipe, tolerance] of exact) {
    const { params } = await run(recipe, { rounds });
    assert.ok(error(params, optimum) < tolerance, `${recipe}: ${error(params, optimum)}`);
  }
});

test("stochastic gradient push on a directed graph nears the optimum as the step shrinks", async () => {
  const at = async (learningRate: number, rounds: number) =>
    error((await run("d-psgd:topology=random-out", { learningRate, rounds })).params, optimum);
  const [coarse, fine] = [await at(0.05, 200), await at(0.005, 2000)];
  assert.ok(fine < coarse / 5 && fine < 0.2, `${coarse}, ${fine}`);
});

test("choco with a third of the entries comes to the very models of choco with all, deep-squeeze only near them", async () => {
  const apart = async (recipe: string) => {
    const all = await run(recipe, { up: "identity", learningRate: 0.01, rounds: 800 });
    const some = await run(recipe, { up: "top-k:3", learningRate: 0.01, rounds: 800 });
    return Math.max(...ids.map((i) => distance(all.params[i]!, some.params[i]!)));
  };
  const [choco, squeezed] = [await apart("choco:gamma=0.2"), await apart("deep-squeeze:gamma=0.05")];
  assert.ok(choco < 1e-3 && squeezed > 1e-2 && squeezed < 1, `choco ${choco}, deep-squeeze ${squeezed}`);
});

for (const recipe of [...decentralised, "d-psgd:topology=(random-out:3)", "d-psgd:topology=one-peer-exponential"]) {
  test(`${recipe}: saved after 7 rounds and restored, every peer goes on bit for bit`, async () => {
    const trial = { ...up(recipe, "top-k:3"), momentum: { factor: 0.9, at: "worker" } as const, rounds: 15 };
    const { params } = await run(recipe, trial);
    assert.deepEqual((await run(recipe, { ...trial, restartAt: 7 })).params, params);
    assert.notDeepEqual(params[0], params[1]);
  });

  if (recipe.includes("random-out")) continue; // which a peer alone is not
  test(`${recipe}: one peer alone is SGD`, async () => {
    const models = [quadratic(centre(0), curvature(0))];
    const { trace } = await run("sgd", { models });
    const { params } = await run(recipe, { ...up(recipe, "identity"), models });
    assert.ok(distance(params[0]!, trace.at(-1)!) < 1e-5);
  });
}

test("the published step size of choco is that of its theorem", () => {
  const gamma = chocoStepSize(parseTopology("ring", 25, "test"), 0.1);
  assert.ok(Math.abs(gamma - 5.9e-6) < 0.05e-6, `${gamma}`);
});

test("choco tells of a γ above the theory's, and takes the theory's if asked", async () => {
  const chosen = parseRecipe("choco", "test");
  const compressor = (spec: string) => parseCompressor(spec, "test");
  const use = {
    ...{ up: compressor("top-k:1"), down: compressor("identity"), aggregate: mean, momentum: none },
    ...{ length: 10, workers: 25, learningRate: 0.1, byzantine: 0, skewed: false },
  };
  assert.match(chosen.warnings(use).join(), /γ 0.1 is above the theory's careful 5.9e-6/);
  assert.deepEqual(parseRecipe("choco:gamma=theory", "test").warnings(use), []);
  assert.match(chosen.warnings({ ...use, up: compressor("sign:scale=none") }).join(), /contractive/);
  const { params } = await run("choco:gamma=theory", { up: "top-k:3", rounds: 3 });
  assert.ok(error(params, meanOf(params)) > 0.1);
  await assert.rejects(run("choco:gamma=theory", { up: "sign:scale=none", rounds: 1 }), /not contractive/);
});

test("recipes refuse topologies whose weights they cannot use, momentum at a server, and a server", async () => {
  await assert.rejects(run("exact-diffusion:topology=exponential"), /symmetric/);
  await assert.rejects(run("gradient-tracking:topology=random-out"), /doubly stochastic/);
  await assert.rejects(run("choco:topology=one-peer-exponential"), /symmetric/);
  await assert.rejects(run("deep-squeeze:topology=(random-out:3)"), /doubly stochastic/);
  await assert.rejects(run("d-psgd", { momentum: { factor: 0.9, at: "server" } }), /there is no server/);
  await assert.rejects(run("d-psgd", { ownServer: true }), /no server/);
  assert.throws(() => parseRecipe("d-psgd:topology=rong", "test"), /Did you mean ring/);
});

test("specs with a topology are canonical, and read again", () => {
  for (const spec of [
    "choco",
    "choco:gamma=0.3",
    "d-psgd:topology=(small-world:4,0.1)",
    "choco:topology=torus,gamma=theory",
  ]) {
    assert.equal(parseRecipe(spec, "test").spec, spec);
  }
  assert.equal(parseRecipe("choco:topology=ring,gamma=0.1", "test").spec, "choco");
});
