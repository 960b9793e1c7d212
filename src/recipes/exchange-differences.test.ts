import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mean } from "../aggregators/mean.ts";
import { type Seconds, seconds } from "../base/units.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { parseOptimizer } from "../optimizers/registry.ts";
import type { Batch } from "../ports/dataset.ts";
import type { Peer } from "../ports/peer.ts";
import { every, LocalSteps, type LocalStepsOptions } from "./local-steps.ts";
import type { Trainee, TrainingSettings } from "./method.ts";
import type { RecipeUse } from "./recipe.ts";
import { parseRecipe } from "./registry.ts";
import { none, quadratic, runTrial } from "./trial.contract.ts";

const plain = { optimizer: parseOptimizer("sgd", "test") };
const distance = (x: ArrayLike<number>, y: ArrayLike<number>) =>
  Math.hypot(...Array.from(x, (value, i) => value - y[i]!));

/** Two workers that agree neither on the optimum nor on the curvature: f_i = ½ Σ_j a_ij (x_j − c_ij)². */
const centres = [
  [4, 1, -2],
  [0, 3, 5],
];
const curvatures = [
  [1, 2, 0.5],
  [3, 0.5, 1],
];
const pair = centres.map((centre, i) => quadratic(centre, curvatures[i]!));

/** What H steps of size η leave of the distance to a worker's own optimum: (1 − ηa)^H. */
const left = (rate: number, steps: number, i: number, j: number) => (1 - rate * curvatures[i]![j]!) ** steps;

test("local SGD takes the mean of what H steps make of the model, worker by worker", () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.double({ min: 0.01, max: 0.3, noNaN: true }),
      async (steps, learningRate) => {
        const { trace } = await runTrial(`local-sgd:steps=${steps}`, { models: pair, rounds: 5, learningRate });
        const x = [0, 0, 0];
        for (const round of trace) {
          for (const [j, value] of x.entries()) {
            const own = [0, 1].map(
              (i) => centres[i]![j]! + left(learningRate, steps, i, j) * (value - centres[i]![j]!),
            );
            x[j] = (own[0]! + own[1]!) / 2;
          }
          assert.ok(distance(round, x) < 1e-5, `${round} and ${x}`);
        }
      },
    ),
    { numRuns: 20 },
  ));

test("where workers differ, local steps stop off the optimum by a distance that falls with the step size, and H = 1 does not", async () => {
  const optimum = [0, 1, 2].map((j) => {
    const [a, b] = [curvatures[0]![j]!, curvatures[1]![j]!];
    return (a * centres[0]![j]! + b * centres[1]![j]!) / (a + b);
  });
  const bias = async (steps: number, learningRate: number) => {
    const rounds = Math.ceil(20 / (steps * learningRate));
    const { trace } = await runTrial(`local-sgd:steps=${steps}`, { models: pair, rounds, learningRate });
    return distance(trace.at(-1)!, optimum);
  };
  assert.ok((await bias(1, 0.1)) < 1e-5);
  const [coarse, fine] = [await bias(8, 0.02), await bias(8, 0.01)];
  assert.ok(coarse > 0.1, `${coarse}`);
  assert.ok(Math.abs(coarse / fine - 2) < 0.15, `half the step size, half the bias: ${coarse} and ${fine}`);
});

for (const momentum of [none, { factor: 0.9, at: "worker" }] as const) {
  test(`one worker by itself is SGD with momentum ${momentum.factor}, however its steps are cut into rounds`, async () => {
    const trial = { models: [pair[0]!], learningRate: 0.1, momentum };
    const { trace: sgd } = await runTrial("sgd", { ...trial, rounds: 24 });
    for (const recipe of ["local-sgd:steps=6", "stc:steps=6"]) {
      const { trace } = await runTrial(recipe, { ...trial, rounds: 4, up: "identity", down: "identity" });
      assert.ok(distance(trace.at(-1)!, sgd.at(-1)!) < 1e-5, recipe);
    }
    const { trace: forgetful } = await runTrial("local-sgd:steps=6,state=reset", { ...trial, rounds: 4 });
    assert.equal(distance(forgetful.at(-1)!, sgd.at(-1)!) < 1e-5, momentum.factor === 0);
  });
}

test("workers that see the same are one worker: averaging changes nothing", async () => {
  for (const recipe of ["local-sgd:steps=5", "fedavg:steps=5", "diloco:steps=5"]) {
    const trial = { rounds: 6, learningRate: 0.1, up: "identity", down: "identity" };
    const { trace: one } = await runTrial(recipe, { ...trial, models: [pair[0]!] });
    const { trace: four } = await runTrial(recipe, { ...trial, models: [pair[0]!, pair[0]!, pair[0]!, pair[0]!] });
    assert.ok(distance(one.at(-1)!, four.at(-1)!) < 1e-5, recipe);
  }
});

test("post-local SGD is mini-batch SGD if it never switches, and local SGD if it begins so", async () => {
  const trial = { models: pair, rounds: 6, learningRate: 0.1 };
  const last = async (recipe: string) => (await runTrial(recipe, trial)).trace.at(-1)!;
  assert.deepEqual(await last("post-local-sgd:from=6"), await last("local-sgd:steps=1"));
  assert.deepEqual(await last("post-local-sgd:from=0"), await last("local-sgd:steps=16"));
  assert.ok(distance(await last("post-local-sgd:from=6"), await last("sgd")) < 1e-5);
});

test("DiLoCo takes Nesterov's outer steps, and with a plain one of size 1 it is the mean of the models", async () => {
  const trial = { models: [quadratic([3])], rounds: 6, learningRate: 0.1, up: "identity", down: "identity" };
  const { trace } = await runTrial("diloco:steps=4", { ...trial, settings: plain });
  let [x, u] = [0, 0];
  for (const round of trace) {
    const delta = (1 - 0.9 ** 4) * (x - 3);
    u = 0.9 * u + delta;
    x -= 0.7 * (delta + 0.9 * u);
    assert.ok(Math.abs(round[0]! - x) < 1e-5, `${round} and ${x}`);
  }
  const [averaged, local] = await Promise.all(
    ["diloco:steps=4,outer=sgd,outer-rate=1", "local-sgd:steps=4"].map((recipe) =>
      runTrial(recipe, { ...trial, models: pair, settings: plain }),
    ),
  );
  assert.deepEqual(averaged!.trace, local!.trace);
});

test("SparseLoCo forgets a share of what waits: two entries in three wait, half of each is kept", async () => {
  const { trace } = await runTrial("sparse-loco:steps=1,beta=0.5", {
    models: [quadratic([4, 1, -2])],
    rounds: 3,
    learningRate: 0.5,
    up: "top-k:1",
    down: "identity",
    settings: plain,
  });
  assert.deepEqual(
    trace.map((x) => [...x]),
    [
      [2, 0, 0],
      [2, 0, -1.5],
      [3.5, 0, -1.5],
    ],
  );
});

/** f = g·x, whose gradient is g everywhere. */
const slope = (...g: readonly number[]) => ({
  ...quadratic(g),
  gradient: (_: Float32Array, __: unknown, out: Float32Array) => {
    out.set(g);
    return Promise.resolve(0);
  },
});

test("Adasum of the differences that one Adam step makes adds those that are orthogonal", async () => {
  const { trace } = await runTrial("local-sgd:steps=1", {
    models: [slope(3, 2), slope(-1, 4)],
    rounds: 1,
    learningRate: 0.1,
    aggregator: "adasum",
    settings: { optimizer: parseOptimizer("adam", "test") },
  });
  assert.ok(distance(trace[0]!, [0, -0.2]) < 1e-6, `${trace[0]}`);
});

test("FedAvg counts clients by their rows, unless they are to count alike", async () => {
  const trial = {
    models: [slope(1), slope(-2)],
    rounds: 1,
    learningRate: 1,
    settings: { weightOf: (id: number) => [3, 1][id]! },
  };
  const x = async (options: string) => (await runTrial(`fedavg:steps=1${options}`, trial)).trace[0]![0];
  assert.equal(await x(""), -0.25); // −(3 · 1 − 1 · 2)/4
  assert.equal(await x(",weights=equal"), 0.5);
});

test("clients that take more steps pull FedAvg to their optimum, and FedNova not", async () => {
  const trial = {
    models: [quadratic([1]), quadratic([-1])],
    rounds: 200,
    learningRate: 0.02,
    settings: { weightOf: (id: number) => [1, 4][id]! }, // mini-batches of one row: 1 step and 4
  };
  const x = async (options: string) => (await runTrial(`fedavg${options}`, trial)).trace.at(-1)![0]!;
  assert.ok(Math.abs((await x(":weights=equal")) + 0.6) < 0.03, "the mean by steps, (1 − 4)/5");
  assert.ok(Math.abs(await x(":weights=equal,normalise=true")) < 0.03, "the mean of both");
  assert.ok(Math.abs((await x(":normalise=true")) + 0.6) < 0.03, "the mean by rows");
});

test("FedProx holds a client near the model that it began with", async () => {
  const trial = { models: [quadratic([1])], rounds: 1, learningRate: 0.1 };
  const x = async (options: string) => (await runTrial(`fedavg:steps=2${options}`, trial)).trace[0]![0]!;
  assert.ok(Math.abs((await x("")) - 0.19) < 1e-6);
  assert.ok(Math.abs((await x(",proximal=2")) - 0.17) < 1e-6); // 0.1 + 0.1 (0.9 − 2 · 0.1)
});

test("the server of FedAvg steps by momentum, Adam, Yogi or AdaGrad, and clients that were absent keep none of it", async () => {
  const first = async (outer: string, momentum = none) => {
    const trial = { models: [slope(1), slope(1)], rounds: 2, learningRate: 0.5, momentum };
    return (await runTrial(`fedavg:steps=1,participation=0.5${outer}`, trial)).trace.map(([x]) => x!);
  };
  const near = (got: readonly number[], expected: readonly number[]) =>
    assert.ok(distance(got, expected) < 1e-6, `${got} and ${expected}`);
  near(await first("", { factor: 0.9, at: "server" }), [-0.5, -1.45]);
  // Δ = 0.5: m = 0.05, 0.095; v = 0.0025, 0.004975; x ← x − 0.1 m/(√v + 0.001)
  const adam = [-0.005 / 0.051, -0.005 / 0.051 - 0.0095 / (Math.sqrt(0.004975) + 0.001)];
  near(await first(",outer=(adam:b2=0.99,eps=0.001,correct=false),outer-rate=0.1"), adam);
  const yogi = [adam[0]!, adam[0]! - 0.0095 / (Math.sqrt(0.005) + 0.001)];
  near(await first(",outer=(yogi:b2=0.99,eps=0.001,correct=false),outer-rate=0.1"), yogi);
  near(await first(",outer=(adagrad:eps=0.001),outer-rate=0.1"), [
    -0.05 / 0.501,
    -0.05 / 0.501 - 0.05 / (Math.sqrt(0.5) + 0.001),
  ]);
});

test("FedAvg with a compressed way down keeps the server's model exact", async () => {
  const { trace } = await runTrial("fedavg:steps=2", {
    models: pair,
    rounds: 150,
    learningRate: 0.02,
    down: "natural",
  });
  const { trace: exact } = await runTrial("fedavg:steps=2", { models: pair, rounds: 150, learningRate: 0.02 });
  assert.ok(distance(trace.at(-1)!, exact.at(-1)!) < 0.05, `${trace.at(-1)} and ${exact.at(-1)}`);
});

/** A worker whose peer adds up what its work costs, and whose mini-batches are numbered from 0. */
function worker(options: Partial<LocalStepsOptions>, settings: Partial<TrainingSettings> = {}) {
  const seen: number[] = [];
  let cost = 0;
  const work = <T>(_: string, charged: Seconds | undefined, body: () => T | Promise<T>): Promise<T> => {
    cost += charged ?? 0;
    return Promise.resolve(body());
  };
  const at = (round: number): Batch => {
    seen.push(round);
    return { size: 1, inputs: new Float32Array(1), targets: new Int32Array(1) };
  };
  const model = quadratic([4, 1, -2]);
  const trainee: Trainee = {
    peer: { work } as Peer, // local steps ask nothing else of it
    model,
    batches: { at },
    params: new Float32Array(model.layout.length),
    settings: { learningRate: 1, momentum: none, stepCost: seconds(0.005), codecCost: seconds(0), ...settings },
  };
  const local = new LocalSteps(trainee, { steps: () => every(4), ...options });
  const round = async (number: number) => Array.from((await local.at({ number, attempt: 0 }, 0.1)).direction);
  return { local, round, seen, cost: () => cost };
}

test("a round of H steps costs H steps' time, and takes the H mini-batches that are next", async () => {
  const { local, round, seen, cost } = worker({});
  for (const number of [0, 1]) {
    await round(number);
    local.commit();
  }
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.ok(Math.abs(cost() - 8 * 0.005) < 1e-12);
});

for (const state of ["keep", "reset"] as const) {
  for (const settings of [
    { momentum: { factor: 0.9, at: "worker" } },
    { optimizer: parseOptimizer("adam", "test"), momentum: { factor: 0.5, at: "worker" } },
  ] as const) {
    test(`local steps by ${"optimizer" in settings ? "Adam" : "SGD"} (${state}): undone rounds leave no trace, and a saved worker goes on with the same bits`, async () => {
      const { local, round, seen } = worker({ state }, settings);
      const first = await round(0);
      assert.deepEqual(await round(0), first);
      local.commit();
      const saved = local.save();
      const second = await round(1);
      assert.deepEqual(local.save(), saved, "a round in flight is not saved");
      assert.deepEqual(await round(1), second);
      assert.equal(distance(first, second) === 0, state === "reset");
      assert.deepEqual(seen.slice(-8), [4, 5, 6, 7, 4, 5, 6, 7]);
      const other = worker({ state }, settings);
      other.local.restore(saved);
      assert.deepEqual(await other.round(1), second);
    });
  }
}

test("an outer optimizer and momentum at the server are one too many", async () => {
  const momentum = { factor: 0.9, at: "server" } as const;
  await assert.rejects(runTrial("diloco", { models: pair, rounds: 1, momentum }), /nesterov takes the outer step/);
});

test("an outer optimizer may have options of its own, and the recipe's spec says so", () => {
  const { spec } = parseRecipe("fedavg:outer=(adam:b2=0.99,eps=0.001),outer-rate=0.01", "test");
  assert.equal(spec, "fedavg:outer=(adam:b2=0.99,eps=0.001),outer-rate=0.01");
  assert.equal(parseRecipe(spec, "test").spec, spec);
  assert.equal(parseRecipe("diloco:outer=nesterov", "test").spec, "diloco");
  assert.throws(() => parseRecipe("diloco:outer=adamm", "test"), /adam/);
  assert.throws(() => parseRecipe("diloco:outer=line-search", "test"), /needs no losses/);
});

test("half of the clients, weighted by rows, give the mean of all on average", async () => {
  const trial = {
    models: [slope(4), slope(-2), slope(1), slope(0)],
    rounds: 1000,
    learningRate: 1,
    settings: { weightOf: (id: number) => [1, 2, 3, 4][id]! },
  };
  const { trace } = await runTrial("fedavg:steps=1,participation=0.5", trial);
  // A round adds two of (4, −4, 3, 0)/5, drawn without replacement: 0.3 on average, with a deviation of 0.72.
  const drift = -trace.at(-1)![0]! / trial.rounds;
  assert.ok(Math.abs(drift - 0.3) < (4 * 0.72) / Math.sqrt(trial.rounds), `${drift}`);
});

/** A problem of which all is known. */
const use: RecipeUse = {
  up: parseCompressor("identity", "test"),
  down: parseCompressor("identity", "test"),
  aggregate: mean,
  workers: 4,
  byzantine: 0,
  skewed: false,
  momentum: none,
  length: 10,
  learningRate: 0.01,
  rounds: 400,
  batch: 4,
  curvature: { L: 1, Ltilde: 1.5, Lmax: 2, mu: 0.5 },
};
const warnings = (spec: string, more: Partial<RecipeUse> = {}) =>
  parseRecipe(spec, "test")
    .warnings({ ...use, ...more })
    .join("\n");

test("local recipes warn of more steps or larger ones than their theory has", () => {
  // T = 400 H: √(400 · 16/16) = 20 for H = 16, and √(400 · 26/16) = 25.5 for H = 26
  assert.equal(warnings("local-sgd:steps=16"), "");
  assert.match(warnings("local-sgd:steps=26"), /26 local steps are above √\(T\/\(n b\)\) = 25.5/);
  assert.match(warnings("local-sgd:steps=16", { learningRate: 0.2 }), /above the theory's 0.125/); // 1/(4 · 2)
  assert.match(warnings("local-sgd:steps=16", { learningRate: 0.2, batch: 1 }), /above the theory's/);
  assert.equal(parseRecipe("local-sgd:steps=100", "test").theoryRate(use), 0.08); // 4/(0.5 · 100)
  // (400 · 2)^¼/4^¾ = 1.88, and (400 · 1)^¼/4^¾ = 1.58
  assert.match(warnings("model-averaging:steps=2"), /2 local steps are above T\^¼\/n\^¾ = 1.88/);
  assert.equal(warnings("model-averaging:steps=1"), "");
  assert.match(warnings("model-averaging:steps=1", { learningRate: 1 }), /above the theory's 0.5/);
});

test("local recipes warn of different data, compressors that are not contractive, and momentum beside error feedback", () => {
  for (const recipe of ["local-sgd", "post-local-sgd", "fedavg"]) {
    assert.match(warnings(recipe, { skewed: true }), /drift apart/, recipe);
    assert.doesNotMatch(warnings(`${recipe}:steps=1`, { skewed: true }), /drift apart/, recipe);
  }
  const up = parseCompressor("sign:scale=none", "test");
  for (const recipe of ["local-sgd", "model-averaging", "post-local-sgd", "fedavg", "sparse-loco", "stc:steps=4"]) {
    assert.match(warnings(recipe, { up }), /contractive/, recipe);
  }
  const momentum = { factor: 0.9, at: "worker" } as const;
  assert.match(warnings("stc:participation=0.5", { momentum }), /stc: momentum 0.9 hurts/);
  assert.match(warnings("stc", { momentum, skewed: true }), /stc: momentum 0.9 hurts/);
  assert.equal(warnings("stc", { momentum }), "");
  assert.match(warnings("sparse-loco:outer=nesterov"), /fights with error feedback/);
  assert.equal(warnings("sparse-loco"), "");
});
