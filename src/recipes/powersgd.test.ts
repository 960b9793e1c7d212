import assert from "node:assert/strict";
import { test } from "node:test";
import { layoutOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import type { Model } from "../ports/model.ts";
import { parseRecipe } from "./registry.ts";
import { quadratic, runTrial, type Trial } from "./trial.contract.ts";

const layout = layoutOf([
  ["weight", [12, 16]],
  ["bias", [4]],
]);
const centre = (worker: number): number[] => {
  const rng = Random.fromSeed(4).split(`centre/${worker}`);
  return Array.from({ length: layout.length }, (_, j) => Math.fround(rng.normal(j)));
};
/** ½‖x − c_i‖², with x a matrix and a vector. */
const models: Model[] = [0, 1, 2, 3].map((worker) => ({ ...quadratic(centre(worker)), layout }));
const optimum = centre(0).map((_, j) => [0, 1, 2, 3].reduce((sum, worker) => sum + centre(worker)[j]! / 4, 0));
const distance = (x: ArrayLike<number>, y: ArrayLike<number>) =>
  Math.hypot(...Array.from(x, (value, i) => value - y[i]!));
const run = (recipe: string, trial: Partial<Trial> = {}) => runTrial(recipe, { models, rounds: 60, ...trial });

for (const recipe of ["powersgd:rank=1", "powersgd:rank=2,pattern=ring", "powersgd:feedback=off"]) {
  test(`${recipe}: matrices give all peers the same bits, also after a restart, with a server of its own or without`, async () => {
    for (const ownServer of [false, true]) {
      const trial = { ownServer, rounds: 12, momentum: { factor: 0.9, at: "server" } } as const;
      const { params, trace } = await run(recipe, trial);
      for (const own of params) assert.deepEqual(own, params[0]);
      assert.deepEqual((await run(recipe, { ...trial, restartAt: 7 })).trace, trace);
    }
  });
}

test("workers that disagree near the optimum of their mean, rank by rank", async () => {
  for (const recipe of ["powersgd:rank=1", "powersgd:rank=1,pattern=ring"]) {
    const { trace } = await run(recipe, { rounds: 600, learningRate: 0.02 });
    assert.ok(distance(trace.at(-1)!, optimum) < 1e-2 * distance(trace[0]!, optimum), recipe);
  }
});

test("a ring carries as many bytes of factors as a server, but no member more than another", async () => {
  const sgd = (await run("sgd", { rounds: 10 })).bytes;
  const server = (await run("powersgd:rank=1", { rounds: 10 })).bytes;
  const ring = (await run("powersgd:rank=1,pattern=ring", { rounds: 10 })).bytes;
  assert.equal(sgd, 10 * 6 * (24 + 1 + 4 * 196));
  assert.equal(server, 10 * 6 * (24 + 1 + 4 * (4 + 12) + 24 + 1 + 4 * 16));
  assert.equal(ring, 10 * (2 * 12 * (2 * 24 + 1) + 6 * 4 * (4 + 12 + 16)));
});

test("it warns where error feedback is off", () => {
  const use = {} as Parameters<ReturnType<typeof parseRecipe>["warnings"]>[0]; // the warning looks at options alone
  assert.match(parseRecipe("powersgd:feedback=off", "test").warnings(use).join(), /is lost/);
  assert.deepEqual(parseRecipe("powersgd:rank=4", "test").warnings(use), []);
  assert.throws(() => parseRecipe("powersgd:rank=0", "test"), /rank/);
});
