/**
 * Methods that are one another where they degenerate: local SGD with H = 1 is mini-batch SGD, gossip with W = 1/n is
 * all-reduce SGD. To 1e-10 between twins of the update rules in f64, and to rounding between the recipes, which are held to
 * the twins too.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { layoutOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import type { Model } from "../ports/model.ts";
import { parseTopology } from "../topologies/registry.ts";
import { ranks, selfWeight } from "../topologies/topology.ts";
import { runTrial } from "./trial.contract.ts";

/** Peers with losses and mini-batches of their own. */
interface Swarm {
  readonly n: number;
  readonly d: number;
  readonly rate: number;
  readonly steps: number;
  readonly seed: number;
}

const swarms = fc.record({
  n: fc.integer({ min: 1, max: 7 }),
  d: fc.integer({ min: 1, max: 12 }),
  rate: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
  steps: fc.integer({ min: 1, max: 20 }),
  seed: fc.nat(),
});

/**
 * ∇f_i on mini-batch t: a_j (x_j − c_j)/√(1 + (x_j − c_j)²), with c drawn anew for each mini-batch. Smooth, convex, and not
 * linear, so that a gradient at another point is another gradient.
 */
const gradientOf = ({ seed }: Swarm, i: number, t: number) => {
  const rng = Random.fromSeed(seed);
  const curvature = rng.split(`curvature/${i}`);
  const centre = rng.split(`centre/${i}/${t}`);
  return (x: ArrayLike<number>, j: number): number => {
    const away = x[j]! - Math.fround(2 * centre.normal(j));
    return ((0.5 + curvature.uniform(j)) * away) / Math.sqrt(1 + away * away);
  };
};

const modelOf = (swarm: Swarm, i: number): Model => {
  let t = 0; // mini-batches follow each other, whoever asks
  return {
    name: "pseudo-huber",
    engine: "analytic",
    layout: layoutOf([["x", [swarm.d]]]),
    init: (_, params) => void params.fill(0),
    gradient(params, _, out) {
      const at = gradientOf(swarm, i, t++);
      for (let j = 0; j < out.length; j++) out[j] = at(params, j);
      return Promise.resolve(0);
    },
    evaluate: () => Promise.resolve({ loss: 0 }),
    close: () => Promise.resolve(),
  };
};

const recipe = async (spec: string, swarm: Swarm, rounds = swarm.steps) =>
  (
    await runTrial(spec, {
      models: ranks(swarm.n).map((i) => modelOf(swarm, i)),
      rounds,
      learningRate: swarm.rate,
    })
  ).params;

type Models = readonly Float64Array[];

const start = ({ n, d }: Swarm): Models => ranks(n).map(() => new Float64Array(d));
const repeated = (times: number, from: Models, next: (x: Models, t: number) => Models): Models =>
  ranks(times).reduce((x, t) => next(x, t), from);
const meanOf = (x: Models): Float64Array => x[0]!.map((_, j) => x.reduce((sum, own) => sum + own[j]!, 0) / x.length);

/** x_i − η ∇f_i(x_i; batch t) */
const stepped = (swarm: Swarm, x: Models, t: number): Models =>
  x.map((own, i) => own.map((value, j) => value - swarm.rate * gradientOf(swarm, i, t)(own, j)));

/** x ← x − η mean_i ∇f_i(x) */
const miniBatchSgd = (swarm: Swarm): Models =>
  repeated(swarm.steps, start(swarm), (x, t) => {
    const mean = x[0]!.map((_, j) => x.reduce((sum, own, i) => sum + gradientOf(swarm, i, t)(own, j), 0) / swarm.n);
    return x.map((own) => own.map((value, j) => value - swarm.rate * mean[j]!));
  });

/** H steps of each, then the mean of the models. */
const localSgd = (swarm: Swarm, H: number): Models =>
  repeated(swarm.steps, start(swarm), (x, round) => {
    const mean = meanOf(repeated(H, x, (y, h) => stepped(swarm, y, round * H + h)));
    return x.map(() => mean);
  });

/** W x */
const mixed = (x: Models, topology: string): Models => {
  const graph = parseTopology(topology, x.length, "test");
  return x.map((own, i) =>
    own.map((value, j) =>
      graph.hears(i).reduce((sum, { peer, weight }) => sum + weight * x[peer]![j]!, selfWeight(graph, i) * value),
    ),
  );
};

/** x ← W (x − η ∇f(x)) */
const adaptThenCombine = (swarm: Swarm, topology: string): Models =>
  repeated(swarm.steps, start(swarm), (x, t) => mixed(stepped(swarm, x, t), topology));

/** x ← W x − η ∇f(x) */
const combineThenAdapt = (swarm: Swarm, topology: string): Models =>
  repeated(swarm.steps, start(swarm), (x, t) => {
    const moved = stepped(swarm, x, t);
    return mixed(x, topology).map((own, i) => own.map((value, j) => value + moved[i]![j]! - x[i]![j]!));
  });

/** The largest difference of any two entries. */
const apart = (a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]) =>
  Math.max(...a.flatMap((own, i) => Array.from(own, (value, j) => Math.abs(value - b[i]![j]!))));

/** Models stay within ±20, where an f32 has a step of 2e-6, and take at most 60 steps that draw together. */
const ROUNDING = 2e-5;

const check = (property: (swarm: Swarm) => void | Promise<void>, numRuns: number) =>
  fc.assert(
    fc.asyncProperty(swarms, async (swarm) => property(swarm)),
    { numRuns },
  );

test("twins: local SGD with H = 1 is mini-batch SGD, and with H = 2 it is not", async () => {
  await check((swarm) => {
    assert.ok(apart(localSgd(swarm, 1), miniBatchSgd(swarm)) < 1e-10);
    assert.ok(apart(localSgd(swarm, 2), miniBatchSgd(swarm)) > 1e-6);
  }, 60);
});

test("twins: D-PSGD on the complete graph, which adapts, then combines, is all-reduce SGD, and on a ring it is not", async () => {
  await check((swarm) => {
    assert.ok(apart(adaptThenCombine(swarm, "complete"), miniBatchSgd(swarm)) < 1e-10);
    if (swarm.n < 4 || swarm.steps < 2) return; // a ring of three is complete
    assert.ok(apart(adaptThenCombine(swarm, "ring"), miniBatchSgd(swarm)) > 1e-6);
  }, 60);
});

test("twins: that which combines, then adapts, keeps the mean model of any W, and begins as all-reduce SGD", async () => {
  await check((swarm) => {
    // Its gradients are those of peers that are one step apart, so that later rounds are equal for linear gradients alone.
    const first = { ...swarm, steps: 1 };
    assert.ok(apart([meanOf(combineThenAdapt(first, "complete"))], miniBatchSgd(first)) < 1e-10);
    const x = combineThenAdapt(swarm, "ring");
    const next = combineThenAdapt({ ...swarm, steps: swarm.steps + 1 }, "ring");
    assert.ok(apart([meanOf(next)], [meanOf(stepped(swarm, x, swarm.steps))]) < 1e-10);
  }, 60);
});

for (const name of ["local-sgd:steps=1", "model-averaging:steps=1", "post-local-sgd:steps=1", "fedavg:steps=1"]) {
  test(`${name} is mini-batch SGD on a server, to rounding`, async () => {
    await check(async (swarm) => {
      assert.ok(apart(await recipe(name, swarm), await recipe("sgd", swarm)) < ROUNDING);
    }, 15);
  });
}

test("d-psgd on the complete graph is all-reduce SGD, to rounding", async () => {
  await check(async (swarm) => {
    const gossiped = await recipe("d-psgd:topology=complete,order=adapt-then-combine", swarm);
    assert.ok(apart(gossiped, await recipe("all-reduce-sgd", swarm)) < ROUNDING);
  }, 15);
});

test("the recipes are their twins, to rounding", async () => {
  await check(async (swarm) => {
    const pairs: readonly (readonly [string, Models])[] = [
      ["sgd", miniBatchSgd(swarm)],
      ["all-reduce-sgd", miniBatchSgd(swarm)],
      ["local-sgd:steps=3", localSgd(swarm, 3)],
      ["d-psgd:topology=chain,order=adapt-then-combine", adaptThenCombine(swarm, "chain")],
      ["d-psgd:topology=chain", combineThenAdapt(swarm, "chain")],
      ["bagua-gossip:precision=full,topology=chain", combineThenAdapt(swarm, "chain")],
    ];
    for (const [spec, twin] of pairs) assert.ok(apart(await recipe(spec, swarm), twin) < ROUNDING, spec);
  }, 10);
});
