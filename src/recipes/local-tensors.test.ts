import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../base/errors.ts";
import { layoutOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import type { Model } from "../ports/model.ts";
import { checkJob } from "../runs/job.ts";
import { LocalTensors, parseLocal, Split } from "./local-tensors.ts";
import { parseRecipe, recipes } from "./registry.ts";
import { none, quadratic, runTrial, type Trial } from "./trial.contract.ts";

const norms = {
  layout: layoutOf([
    ["conv.kernel", [2, 3]],
    ["conv.scale", [2]],
    ["conv.shift", [2]],
    ["output.weight", [2, 2]],
    ["output.bias", [2]],
  ]),
  roles: ["weight", "normScale", "normShift", "weight", "bias"],
} as const;
const localNames = (text: string) =>
  parseLocal(text, "test")
    .split(norms)
    .local.tensors.map(({ name }) => name);

test("local tensors are named by role, by norm for both of a norm, and by how names begin", () => {
  assert.deepEqual(localNames("norm"), ["conv.scale", "conv.shift"]);
  assert.deepEqual(localNames("normShift"), ["conv.shift"]);
  assert.deepEqual(localNames("output"), ["output.weight", "output.bias"]);
  assert.deepEqual(localNames("bias, conv.sc"), ["conv.scale", "output.bias"]);
  assert.equal(parseLocal("norm, output ,norm", "test").name, "norm,output");
});

test("a word that fits no tensor is refused with the tensors that there are, and so is keeping all or nothing", () => {
  assert.throws(() => localNames("outptu"), /conv\.kernel, conv\.scale.*got "outptu, which no tensor/);
  assert.throws(() => localNames("conv,output"), /left to exchange/);
  assert.throws(() => parseLocal("norm,", "test"), ConfigError);
  assert.throws(() => parseLocal("norm", "test").split({ layout: norms.layout }), /which no tensor/);
});

const splits = fc
  .array(fc.record({ length: fc.integer({ min: 1, max: 5 }), local: fc.boolean() }), { minLength: 1, maxLength: 8 })
  .map((tensors) => {
    const layout = layoutOf(tensors.map(({ length }, i) => [`t${i}`, [length]]));
    return new Split(layout, (_, place) => tensors[place]!.local);
  });

test("what is shared and what is local make up the whole, and nothing is in both", () => {
  fc.assert(
    fc.property(splits, (split) => {
      const whole = Float32Array.from({ length: split.whole.length }, (_, i) => i + 1);
      const [shared, local] = [split.sharedOf(whole), new Float32Array(split.local.length)];
      split.takeLocal(whole, local);
      assert.deepEqual(
        [...shared, ...local].sort((a, b) => a - b),
        [...whole],
      );
      const again = new Float32Array(whole.length);
      split.join(shared, local, again);
      assert.deepEqual(again, whole);
      for (const run of split.sharedRuns) {
        assert.deepEqual(shared.subarray(...run.shared), whole.subarray(...run.whole));
      }
    }),
  );
});

test("local tensors change when a round counts, and are told of before", () => {
  const told: [number, number[]][] = [];
  const split = parseLocal("norm", "test").split(norms);
  const begin = Float32Array.from({ length: 16 }, (_, i) => i);
  const tensors = new LocalTensors(split, begin, (rounds, values) => told.push([rounds, [...values]]));
  tensors.propose(
    begin.map((x) => -x),
    4,
  );
  assert.deepEqual([...tensors.values], [6, 7, 8, 9]);
  assert.deepEqual(told, [[5, [-6, -7, -8, -9]]]);
  tensors.propose(
    begin.map((x) => 2 * x),
    4,
  );
  tensors.commit();
  assert.deepEqual([...tensors.values], [12, 14, 16, 18]);
  assert.throws(() => tensors.commit(), /without a round in flight/);
  const other = new LocalTensors(split, begin);
  other.restore(tensors.save());
  assert.deepEqual(other.values, tensors.values);
  assert.deepEqual([...tensors.save().keys()], ["tensors/conv.scale", "tensors/conv.shift"]);
});

// Recipes: f_i(s, l) = g_i(s) + h_i(l), so what happens to s must not depend on l, nor l on the others.

const N = 4;
const entries = (count: number, name: string) =>
  Array.from({ length: count }, (_, j) => Math.fround(Random.fromSeed(5).split(name).normal(j)));
const shared = (i: number) => entries(9, `shared/${i}`);
const local = (i: number) => entries(3, `local/${i}`);
/** The kept tensor lies in the middle. */
const both = (i: number): Model => ({
  ...quadratic([...shared(i).slice(0, 4), ...local(i), ...shared(i).slice(4)]),
  layout: layoutOf([
    ["first", [4]],
    ["own", [3]],
    ["last", [5]],
  ]),
});
/** Of the same tensors, without the one that is kept. */
const rest = (i: number): Model => ({
  ...quadratic(shared(i)),
  layout: layoutOf([
    ["first", [4]],
    ["last", [5]],
  ]),
});
const models = (of: (i: number) => Model) => Array.from({ length: N }, (_, i) => of(i));

/** More than a recipe's defaults. */
const variants = [
  "stc:steps=3",
  "fedavg:steps=3,participation=0.5",
  "fedavg:steps=3,proximal=0.5,normalise=true",
  "fedavg:steps=3,outer=(adam:b2=0.99,eps=0.001)",
  "local-sgd:steps=3,state=reset",
  "post-local-sgd:steps=3,from=2",
  "diloco:steps=3",
  "sparse-loco:steps=3",
  "d-psgd:order=adapt-then-combine",
  "d-psgd:topology=random-out",
  "bagua-gossip:precision=full",
];
const job = (recipe: string) => checkJob({ recipe, local: "norm" });
const accepts = (recipe: string): boolean => {
  try {
    job(recipe);
    return true;
  } catch {
    return false;
  }
};
const accepted = [...recipes.keys(), ...variants].filter(accepts);

test("every recipe whose peers take the step of the exchange refuses local tensors by name; all others take them", () => {
  const refused = [...recipes.keys()].filter((name) => !accepted.includes(name));
  for (const name of refused) assert.throws(() => job(name), new RegExp(`^ConfigError: --local: .*--recipe ${name},`));
  const taking = ["adasum", "local-sgd", "model-averaging", "post-local-sgd", "fedavg", "diloco", "sparse-loco"];
  const decentralised = [...recipes.values()].filter((recipe) => recipe.decentralised).map(({ name }) => name);
  assert.deepEqual(accepted, [...taking, ...decentralised, ...variants]);
});

const momentum = { factor: 0.5, at: "worker" } as const;
const up = (recipe: string, compressor: string): { up?: string } =>
  parseRecipe(recipe, "test").compresses === "none" ? {} : { up: compressor };
/** Steps are few where a recipe has many. */
const few = (recipe: string) =>
  recipe.includes(":") || !["local-sgd", "model-averaging", "post-local-sgd", "diloco", "sparse-loco"].includes(recipe)
    ? recipe
    : `${recipe}:steps=2`;

for (const recipe of accepted.map(few)) {
  const trial = { ...up(recipe, "top-k:4"), momentum, rounds: 14 };
  const run = (more: Partial<Trial> = {}) =>
    runTrial(recipe, { ...trial, models: models(both), local: "own", ...more });

  test(`${recipe}: what is shared comes to the bits that it comes to alone, and each peer keeps a tensor of its own`, async () => {
    const { params, kept, trace } = await run();
    const alone = await runTrial(recipe, { ...trial, models: models(rest) });
    assert.deepEqual(params, alone.params);
    assert.deepEqual(trace, alone.trace);
    assert.equal(new Set(kept.map((values) => values.join())).size, N);
  });

  if (!recipe.includes("participation"))
    test(`${recipe}: what is kept comes to what a peer makes of it that trains alone, whatever the others do`, async () => {
      const { kept } = await run();
      const others = await run({ models: [both(0), both(2), both(3), both(1)] });
      assert.deepEqual(others.kept[0], kept[0]);
      assert.deepEqual(others.kept[1], kept[2]);
      assert.ok(kept.every((values) => values.every((value) => value !== 0)));
    });

  test(`${recipe}: a round that is undone, and a run that goes on from what was saved, lead to the same bits`, async () => {
    const { params, kept } = await run();
    const allHear = parseRecipe(recipe, "test").decentralised !== true && !recipe.includes("participation");
    const undone = await run(allHear ? { undoneAt: 5 } : {});
    assert.deepEqual([undone.params, undone.kept], [params, kept]);
    const again = await run({ restartAt: 8 });
    assert.deepEqual([again.params, again.kept], [params, kept]);
  });
}

for (const recipe of ["local-sgd:steps=2", "model-averaging", "fedavg", "d-psgd", "exact-diffusion"]) {
  test(`${recipe}: bytes are fewer by four for each entry that is kept in each message`, async () => {
    const bytes = async (local?: string) =>
      (await runTrial(recipe, { models: models(both), rounds: 3, ...(local && { local }) })).bytes;
    const decentralised = parseRecipe(recipe, "test").decentralised === true;
    const messages = 3 * (decentralised ? 2 * N : 2 * (N - 1)); // a ring, or to the server that works too and back
    assert.equal((await bytes()) - (await bytes("own")), messages * 3 * 4);
  });
}

test("a server without data keeps nothing of its own, and its workers do", async () => {
  const { kept, params } = await runTrial("fedavg:steps=2", {
    models: models(both),
    rounds: 5,
    local: "own",
    ownServer: true,
  });
  assert.deepEqual([...kept[0]!], [0, 0, 0]);
  assert.equal(new Set(kept.map((values) => values.join())).size, N + 1);
  assert.equal(params[0]!.length, 9);
});

/**
 * Peers see the same x through sensors of gain a_i and offset b_i: z = a_i x + b_i is to be undone by γ and β of a norm, and
 * y = w x is learned from γ z + β. With x standard normal, f_i = ½ ((w γ a_i − 2)² + (w (γ b_i + β))²).
 */
function sensor(a: number, b: number): Model & { loss(w: number, scale: number, shift: number): number } {
  const errors = (w: number, scale: number, shift: number) => [w * scale * a - 2, w * (scale * b + shift)] as const;
  return {
    ...quadratic([0, 0, 0]),
    layout: layoutOf([
      ["weight", [1]],
      ["norm.scale", [1]],
      ["norm.shift", [1]],
    ]),
    roles: ["weight", "normScale", "normShift"],
    gradient(params, _, out) {
      const [w = 0, scale = 0, shift = 0] = [params[0]! + 1, params[1]! + 1, params[2]!]; // trials begin at 0
      const [slope, offset] = errors(w, scale, shift);
      out[0] = slope * scale * a + offset * (scale * b + shift);
      out[1] = slope * w * a + offset * w * b;
      out[2] = offset * w;
      return Promise.resolve(0);
    },
    loss(w, scale, shift) {
      const [slope, offset] = errors(w, scale, shift);
      return (slope ** 2 + offset ** 2) / 2;
    },
  };
}

test("peers whose features differ all fit their data with norms of their own, and cannot with common ones", async () => {
  const sensors = [sensor(0.5, 1), sensor(1, -1), sensor(2, 0), sensor(1.5, 0.5)];
  for (const recipe of ["fedavg:steps=4", "local-sgd:steps=4", "d-psgd"]) {
    const trial = { models: sensors, momentum: none, rounds: 1500, learningRate: 0.02 };
    const common = await runTrial(recipe, trial);
    const own = await runTrial(recipe, { ...trial, local: "norm" });
    const mean = (loss: (i: number) => number) => sensors.reduce((sum, _, i) => sum + loss(i), 0) / sensors.length;
    const floor = mean((i) => {
      const [w = 0, scale = 0, shift = 0] = common.params[i]!;
      return sensors[i]!.loss(w + 1, scale + 1, shift);
    });
    const fit = mean((i) => sensors[i]!.loss(own.params[i]![0]! + 1, own.kept[i]![0]! + 1, own.kept[i]![1]!));
    assert.ok(floor > 0.3 && fit < 1e-4, `${recipe}: ${floor} with common norms, ${fit} with their own`);
  }
});
