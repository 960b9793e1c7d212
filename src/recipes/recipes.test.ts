import assert from "node:assert/strict";
import { test } from "node:test";
import { mean } from "../aggregators/mean.ts";
import { CheckpointError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { parseCompressor } from "../compressors/registry.ts";
import type { Momentum } from "./method.ts";
import type { RecipeUse } from "./recipe.ts";
import { parseRecipe, recipes } from "./registry.ts";
import { none, quadratic, runTrial, type Trial } from "./trial.contract.ts";

const DIMENSION = 12;
const ROUNDS = 40;

/** Worker i has f_i = ½ Σ_j a_j (x_j − c_ij)², so that the mean's minimum is the mean of the centres. */
const curvature = Array.from({ length: DIMENSION }, (_, j) => 1 + (j % 4));
const centre = (worker: number): number[] => {
  const rng = Random.fromSeed(3).split(`centre/${worker}`);
  return Array.from({ length: DIMENSION }, (_, j) => Math.fround(rng.normal(j)));
};
const workers = (n: number) => Array.from({ length: n }, (_, i) => quadratic(centre(i), curvature));
const optimum = (n: number) => {
  const all = Array.from({ length: n }, (_, i) => centre(i));
  return Float32Array.from({ length: DIMENSION }, (_, j) => all.reduce((sum, c) => sum + c[j]!, 0) / n);
};
const distance = (x: ArrayLike<number>, y: ArrayLike<number>) =>
  Math.hypot(...Array.from(x, (value, i) => value - y[i]!));

const velocity: Momentum = { factor: 0.9, at: "worker" };

const run = (recipe: string, trial: Partial<Trial> = {}) =>
  runTrial(recipe, { models: workers(4), rounds: ROUNDS, ...trial });
const up = (recipe: string, compressor: string): { up?: string } =>
  parseRecipe(recipe, "test").compresses === "none" ? {} : { up: compressor };

/** x after each round of gradient descent on the mean of the four losses. */
function descent(rounds: number): Float64Array[] {
  const x = new Float64Array(DIMENSION);
  const best = optimum(4);
  return Array.from({ length: rounds }, () => {
    for (let j = 0; j < DIMENSION; j++) x[j]! -= 0.05 * curvature[j]! * (x[j]! - best[j]!);
    return Float64Array.from(x);
  });
}

const adaptive = ["distributed-adam", "generic-adam", "cd-adam"];
/** Local steps, few of them; at H = 1 and without an optimizer of their own these methods are linear (`options`). */
const local = [
  "local-sgd:steps=3",
  "local-sgd:steps=3,state=reset",
  "model-averaging:steps=3",
  "post-local-sgd:steps=3,from=5",
  "stc:steps=3",
  "fedavg:steps=3,outer=(adam:b2=0.99,eps=0.001)",
  "diloco:steps=3",
  "sparse-loco:steps=3",
];
const voting = ["majority-vote", "adasum"];
/** Compressed part by part, and parts depend on the number of members. */
const parted = ["all-reduce-sgd", "bagua"];
const options = [
  "ef-sgd:rate=outside",
  "ef21:init=full",
  "artemis:keep=each",
  "local-sgd:steps=1",
  "model-averaging:steps=1",
  "post-local-sgd",
  "fedavg",
  "stc",
];
/** Recipes of peers without a server have tests of their own. */
const served = [...recipes.values()]
  .filter(({ name, decentralised }) => decentralised !== true && !local.some((spec) => spec.startsWith(`${name}:`)))
  .map(({ name }) => name);
const linear = [...served, ...options].filter((name) => ![...adaptive, ...voting].includes(name));

for (const recipe of linear) {
  test(`${recipe}: with the identity compressor it is gradient descent on the mean loss`, async () => {
    const { trace } = await run(recipe, { ...up(recipe, "identity"), down: "identity" });
    assert.ok(distance(trace.at(-1)!, descent(ROUNDS).at(-1)!) < 2e-5);
  });

  test(`${recipe}: without compression, n equal workers are one worker`, async () => {
    const one = quadratic(centre(0), curvature);
    const trial = { ...up(recipe, parted.includes(recipe) ? "identity" : "top-k:2"), rounds: 12 };
    const { trace: alone } = await run(recipe, { ...trial, models: [one] });
    const { trace: four } = await run(recipe, { ...trial, models: [one, one, one, one] });
    assert.ok(distance(alone.at(-1)!, four.at(-1)!) < 1e-5);
  });
}

for (const recipe of [...served, ...options, ...local]) {
  const ownDownlinks = recipe === "rand-mcm";

  test(`${recipe}: ${ownDownlinks ? "every run gives the same bits" : "all peers hold the same parameters, bit for bit"}`, async () => {
    const random = recipe === "ef21-plus" ? "top-k:3" : "qsgd:levels=3,bucket=4";
    for (const [compressor, momentum, ownServer] of [
      ["top-k:2", none, false],
      ["top-k:2", velocity, true],
      [random, none, true],
      [random, velocity, false],
    ] as const) {
      const trial = { ...up(recipe, compressor), momentum, ownServer, rounds: 8 };
      const { params, trace } = await run(recipe, trial);
      if (!ownDownlinks) for (const own of params) assert.deepEqual(own, params[0]);
      assert.deepEqual((await run(recipe, trial)).trace, trace);
    }
  });

  test(`${recipe}: saved after 7 rounds and restored, or with a round undone, it goes on bit for bit`, async () => {
    const settings = { schedule: (round: number) => 1 / (1 + round) };
    const trial = { ...up(recipe, "top-k:2"), momentum: velocity, rounds: 12, settings };
    const { trace } = await run(recipe, trial);
    assert.deepEqual((await run(recipe, { ...trial, restartAt: 7 })).trace, trace);
    // Nothing here is drawn at random, so that a second attempt has the same messages.
    assert.deepEqual((await run(recipe, { ...trial, undoneAt: 7 })).trace, trace);
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
    const { params } = await run(name, { models: workers(3), up: compressor, down: compressor, momentum });
    const [own] = params;
    const words = [...new Uint32Array(own!.buffer, own!.byteOffset, 4)];
    assert.equal(words.map((word) => word.toString(16).padStart(8, "0")).join(" "), expected);
  });
}

/** Two workers, ½‖x − (4, 1, −2)‖² and ½‖x − (0, 3, 5)‖², η = ½, top-1: x after each round, in exact fractions. */
const pair = [quadratic([4, 1, -2]), quadratic([0, 3, 5])];
const traces: readonly [string, string, readonly (readonly number[])[]][] = [
  [
    "ef-sgd",
    "identity",
    [
      [1, 0, 5 / 4],
      [1, 3 / 2, -1 / 16],
      [5 / 2, 3 / 2, 137 / 64],
      [11 / 8, 3 / 2, 159 / 256],
    ],
  ],
  [
    "double-squeeze",
    "top-k:1",
    [
      [0, 0, 5 / 4],
      [0, 3 / 2, 5 / 4],
      [3, 3 / 2, 5 / 4],
      [3, 3 / 2, 9 / 8],
    ],
  ],
  [
    "ef21:init=full",
    "identity",
    [
      [1, 1, 3 / 4],
      [3 / 2, 2, 3 / 2],
      [2, 2, 9 / 4],
      [5 / 2, 2, 15 / 8],
    ],
  ],
  [
    "ef21:init=compressed",
    "identity",
    [
      [1, 0, 5 / 4],
      [2, 3 / 4, 27 / 16],
      [2, 3 / 2, 17 / 8],
      [2, 9 / 4, 29 / 16],
    ],
  ],
];

for (const [recipe, down, expected] of traces) {
  test(`${recipe}: two workers and top-1 give the published trace exactly`, async () => {
    const { trace } = await runTrial(recipe, {
      models: pair,
      rounds: expected.length,
      learningRate: 0.5,
      up: "top-k:1",
      down,
    });
    assert.deepEqual(
      trace.map((x) => [...x]),
      expected,
    );
  });
}

test("cd-adam: two workers and scaled signs give the published trace", async () => {
  const { trace } = await runTrial("cd-adam", { models: pair, rounds: 3, learningRate: 0.1 });
  const expected = [
    [-0.0999999439, 0.0999999439, 0.0999999439],
    [-0.1187584845, 0.2252633376, 0.2252633376],
    [-0.047241133, 0.3736573949, 0.3736573949],
  ];
  for (const [t, x] of trace.entries()) assert.ok(distance(x, expected[t]!) < 1e-6, `round ${t}: ${x}`);
});

test("majority vote with ties=zero stands still where two workers disagree, and with ties=plus does not", async () => {
  const models = [quadratic([4, 1, 3]), quadratic([-4, 1, 3])];
  const last = async (ties: string) => {
    const { trace } = await runTrial(`majority-vote:ties=${ties}`, { models, rounds: 2, learningRate: 0.25 });
    return [...trace.at(-1)!];
  };
  assert.deepEqual(await last("zero"), [0, 0.5, 0.5]);
  assert.deepEqual(await last("plus"), [-0.5, 0.5, 0.5]);
});

test("majority vote follows two workers against one, whatever the mean says", async () => {
  const slope = (a: number) => ({ ...quadratic([0]), gradient: linearGradient(a) });
  const { trace } = await runTrial("majority-vote", {
    models: [slope(4), slope(-1), slope(-1)],
    rounds: 5,
    learningRate: 0.25,
  });
  assert.deepEqual([...trace.at(-1)!], [1.25]);
});
const linearGradient =
  (...a: number[]) =>
  (_: Float32Array, __: unknown, out: Float32Array) => {
    out.set(a);
    return Promise.resolve(0);
  };

for (const recipe of [
  "artemis:participation=0.5",
  "artemis:participation=0.5,keep=each",
  "ef21:participation=0.5",
  "stc:participation=0.5",
  "stc:participation=0.5,steps=3",
  "fedavg:participation=0.5",
]) {
  test(`${recipe}: absent workers come back to the same bits, by messages or by the whole state`, async () => {
    // A recipe's messages of 12 entries weigh less or more than its state, so that both ways are taken.
    for (const compressor of ["top-k:1", "qsgd:levels=7,code=fixed"]) {
      const trial = { up: compressor, rounds: 30, ownServer: true };
      const { trace, params } = await run(recipe, trial);
      const { trace: again } = await run(recipe, trial);
      assert.deepEqual(again, trace);
      const held = params.slice(1).map((x) => trace.findIndex((y) => distance(x, y) === 0));
      assert.ok(
        held.every((round) => round >= 0),
        `a worker holds what the server never had: ${held}`,
      );
      assert.ok(held.includes(trace.length - 1), "the workers of the last round are up to date");
    }
  });

  test(`${recipe}: goes on from a checkpoint for which some were absent, also where the way down has a memory`, async () => {
    for (const down of ["identity", "top-k:4"]) {
      const trial = { up: "top-k:2", down, rounds: 16 };
      const { trace } = await run(recipe, trial);
      for (let restartAt = 5; restartAt < 11; restartAt++) {
        assert.deepEqual((await run(recipe, { ...trial, restartAt })).trace, trace, `from round ${restartAt}`);
      }
    }
  });

  test(`${recipe}: whoever is absent when the run ends hears of it, the server's own worker too`, async () => {
    const most = { models: workers(4), rounds: 40, up: "top-k:2" };
    for (let endsAt = 3; endsAt < 8; endsAt++) {
      const { ends } = await run(recipe, { ...most, endsAt });
      assert.deepEqual(ends, [endsAt, endsAt, endsAt, endsAt]);
    }
  });

  test(`${recipe}: with half of the workers in a round it still nears the optimum`, async () => {
    const learningRate = recipe.includes("steps=3") ? 0.05 / 3 : 0.05; // a round goes as far
    const compressor = recipe.startsWith("stc") ? "stc:0.3" : "identity";
    const { trace } = await run(recipe, { up: compressor, rounds: 200, learningRate });
    assert.ok(distance(trace.at(-1)!, optimum(4)) < 0.7, `${distance(trace.at(-1)!, optimum(4))}`);
  });
}

test("artemis with the mean of memories (PP2) gets much nearer than with each of them (PP1)", async () => {
  const trial = { up: "identity", down: "identity", rounds: 120, learningRate: 0.1 };
  const pp1 = distance((await run("artemis:participation=0.5,keep=each", trial)).trace.at(-1)!, optimum(4));
  const pp2 = distance((await run("artemis:participation=0.5", trial)).trace.at(-1)!, optimum(4));
  assert.ok(pp2 < pp1 / 100, `${pp2} and ${pp1}`);
});

test("partial participation refuses an optimizer that absent members would miss", async () => {
  await assert.rejects(
    run("artemis:participation=0.5", { momentum: { factor: 0.9, at: "server" } }),
    /plain sgd with partial participation/,
  );
});

test("diana and ef21 reach the optimum of workers that disagree, where compressed-sgd and ef-sgd stall", async () => {
  const at = async (recipe: string, compressor: string) =>
    distance((await run(recipe, { up: compressor, rounds: 150, learningRate: 0.1 })).trace.at(-1)!, optimum(4));
  const [diana, plain] = [await at("diana", "qsgd:levels=3"), await at("compressed-sgd", "qsgd:levels=3")];
  assert.ok(diana < 1e-5 && plain > 1e-2, `diana ${diana}, compressed-sgd ${plain}`);
  const [ef21, ef] = [await at("ef21", "top-k:2"), await at("ef-sgd", "top-k:2")];
  assert.ok(ef21 < 1e-5 && ef > 1e-3, `ef21 ${ef21}, ef-sgd ${ef}`);
});

test("a step size that changes leaves error feedback as it is with the rate inside, and rescaled outside", async () => {
  const settings = { schedule: (round: number) => 1 / (1 + round) };
  const inside = await run("ef-sgd:rate=inside", { up: "top-k:2", settings });
  const outside = await run("ef-sgd:rate=outside", { up: "top-k:2", settings });
  assert.ok(distance(inside.trace.at(-1)!, outside.trace.at(-1)!) < 1e-5);
});

test("a round with step size 0 moves nothing, and what is remembered outlives it", async () => {
  const model = { ...quadratic([0, 0, 0]), gradient: linearGradient(4, 3, 2) };
  const settings = { schedule: (round: number) => (round === 1 ? 0 : 1) };
  const trial = { models: [model], rounds: 3, learningRate: 1, up: "top-k:1", settings };
  const { trace } = await runTrial("ef-sgd:rate=outside", trial);
  // e = (0, 3, 2), then (4, 0, 4), and of (8, 3, 6) the 8 is sent.
  assert.deepEqual(
    trace.map((x) => [...x]),
    [
      [-4, 0, 0],
      [-4, 0, 0],
      [-12, 0, 0],
    ],
  );
});

test("a checkpoint of another length is refused", async () => {
  const trial = { models: workers(1), rounds: 4, up: "identity", restartAt: 2 };
  await assert.rejects(
    runTrial("mcm", { ...trial, tamper: (state) => new Map([...state, ["model/exact", new Float32Array(3)]]) }),
    CheckpointError,
  );
});

test("double-squeeze nears the optimum of heterogeneous workers as the step shrinks, though 10 of 12 entries wait", async () => {
  const at = async (rounds: number, learningRate: number) =>
    distance((await run("double-squeeze", { up: "top-k:2", rounds, learningRate })).trace.at(-1)!, optimum(4));
  const [coarse, fine] = [await at(100, 0.1), await at(800, 0.01)];
  assert.ok(fine < coarse / 5 && fine < 0.05, `distances ${coarse} and ${fine}`);
});

const usual = { aggregate: mean, workers: 4, byzantine: 0, skewed: false, momentum: none };

/** The lines of a recipe with the compressor both ways, or another one down. */
function warnings(recipe: string, spec: string, more: Partial<RecipeUse> = {}): string {
  const [up, down] = [parseCompressor(spec, "test"), parseCompressor(spec, "test")];
  const use = { ...usual, up, down, length: 10, learningRate: 0.1, ...more };
  return parseRecipe(recipe, "test").warnings(use).join("\n");
}
const down = parseCompressor("identity", "test");
const known = { L: 2, Ltilde: 2.5, Lmax: 3 };

test("recipes warn of compressors without the law that they need, and of momentum after the average", () => {
  assert.equal(warnings("double-squeeze", "top-k:2"), "");
  assert.match(warnings("double-squeeze", "sign:scale=none"), /contractive/);
  assert.match(warnings("double-squeeze", "qsgd:levels=7,bucket=512", { length: 1000 }), /ω = 2\.61, not below 1/);
  assert.equal(warnings("double-squeeze", "natural"), "");
  assert.match(
    warnings("double-squeeze", "top-k:2", { momentum: { factor: 0.9, at: "server" } }),
    /0.9@worker is sound/,
  );
  assert.match(warnings("artemis", "top-k:2"), /^[^\n]*unbiased[^\n]*$/); // one line for both directions
});

test("majority vote warns of workers with different data, and of too many liars", () => {
  const momentum = velocity;
  assert.equal(warnings("majority-vote", "sign", { momentum }), "");
  assert.match(warnings("majority-vote", "sign", { momentum, skewed: true }), /the wrong way for ever/);
  assert.match(
    warnings("majority-vote", "sign", { momentum, byzantine: 2 }),
    /2 of 4 workers lie, and it is safe from 1/,
  );
});

test("recipes warn of memories that follow faster than is proved", () => {
  assert.equal(warnings("diana:alpha=0.1", "qsgd:levels=1"), "");
  assert.match(
    warnings("diana:alpha=0.5", "qsgd:levels=1"),
    /diana: alpha 0.5 is above 1\/\(1 \+ ω\) = 0\.\d+ of qsgd/,
  );
  assert.match(warnings("mcm:alpha=0.5", "qsgd:levels=1", { up: down }), /mcm: alpha 0.5/);
});

test("recipes warn of step sizes above the theory's, where it speaks of their options", () => {
  // top-k:2 of 10: δ = 0.2, √(1 − δ)/(1 − √(1 − δ)) = 8.47; 1/(2 + 2.5 · 8.47) = 0.0431
  assert.match(warnings("ef21", "top-k:2", { curvature: known, down }), /step size 0.1 is above the theory's 0.0431/);
  assert.equal(warnings("ef21", "top-k:2", { curvature: known }), "");
  assert.equal(warnings("diana", "natural", { curvature: known, learningRate: 1 }), "");
  assert.match(warnings("diana", "natural", { curvature: known, learningRate: 1, down }), /above the theory's 0.281/);
});

test("artemis has the step sizes of its regimes: exact uplinks, noisy ones, and no memory", () => {
  const rate = (spec: string, up: string, workers: number) =>
    parseRecipe(spec, "test").theoryRate({
      up: parseCompressor(up, "test"),
      ...usual,
      down,
      length: 16,
      workers,
      learningRate: 1,
      curvature: known,
    });
  assert.equal(rate("artemis", "identity", 4), 1 / 3);
  assert.equal(rate("artemis", "natural", 4), 1 / 15);
  assert.equal(rate("artemis:alpha=0", "natural", 4), 1 / 9);
  assert.equal(rate("artemis", "rand-k:1", 4), 1 / 45); // ω = 15: 4ω/n = 15
});

test("EF21's theory takes the constants of its paper", () => {
  const root = (delta: number) => Math.sqrt(1 - delta) / (1 - Math.sqrt(1 - delta));
  for (const [d, expected] of [
    [112, 222.498879],
    [123, 244.49898],
    [300, 598.499583],
  ] as const) {
    assert.ok(Math.abs(root(1 / d) - expected) < 1e-5 * expected);
    const rate = parseRecipe("ef21", "test").theoryRate({
      up: parseCompressor("top-k:1", "test"),
      down: parseCompressor("identity", "test"),
      ...usual,
      length: d,
      learningRate: 1,
      curvature: { L: 2.786214234, Ltilde: 3.493225975, Lmax: 5 },
    });
    assert.ok(Math.abs(rate! - 1 / (2.786214234 + 3.493225975 * expected)) < 1e-9);
  }
});
