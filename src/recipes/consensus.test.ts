/**
 * Gossip of many peers through the recipe: in the first round each peer steps to a point of its own, after it none steps, so
 * that the models x_i of D-PSGD are only mixed.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Random } from "../base/random.ts";
import { parseTopology } from "../topologies/registry.ts";
import { mixingRate } from "../topologies/spectrum.ts";
import { ranks } from "../topologies/topology.ts";
import { quadratic, runTrial } from "./trial.contract.ts";

/** x_i after so many rounds of gossip from the given points. */
async function mixed(topology: string, points: readonly (readonly number[])[], rounds: number) {
  const { params } = await runTrial(`d-psgd:topology=(${topology})`, {
    models: points.map((point) => quadratic(point)),
    rounds: rounds + 1,
    learningRate: 1,
    settings: { schedule: (round) => (round === 0 ? 1 : 0) },
  });
  return params;
}

const meanOf = (points: readonly ArrayLike<number>[]) =>
  Array.from(points[0]!, (_, j) => points.reduce((sum, point) => sum + point[j]!, 0) / points.length);
/** √Σ‖x_i − c‖² */
const spread = (points: readonly ArrayLike<number>[], centre: readonly number[]) =>
  Math.hypot(...points.flatMap((point) => centre.map((value, j) => point[j]! - value)));
const normals = (n: number, seed = 1) =>
  ranks(n).map((i) => ranks(3).map((j) => Math.fround(Random.fromSeed(seed).split(`peer/${i}`).normal(j))));

/** The slowest eigenvector of W. Peers that lie along it come together by |λ₂| a round, no sooner and no later. */
const slowest: Readonly<Record<string, (i: number, n: number) => number>> = {
  ring: (i, n) => Math.cos((2 * Math.PI * i) / n),
  chain: (i, n) => Math.cos((Math.PI * (i + 0.5)) / n),
  star: (i) => (i === 0 ? 0 : i === 1 ? 1 : i === 2 ? -1 : 0),
  torus: (i, n) => Math.cos((2 * Math.PI * i) / Math.sqrt(n)), // the same in each row
  hypercube: (i) => (i % 2 === 0 ? 1 : -1),
  exponential: (i) => (i % 2 === 0 ? 1 : -1),
};

for (const [topology, vector] of Object.entries(slowest)) {
  test(`${topology}: consensus of 64 and of 256 peers contracts by the second eigenvalue, round by round`, async () => {
    for (const n of [64, 256]) {
      const lambda = mixingRate(parseTopology(topology, n, "test"));
      const points = ranks(n).map((i) => [vector(i, n), 3 - 2 * vector(i, n)]);
      const start = spread(points, [0, 3]);
      for (const rounds of [1, 20]) {
        const got = spread(await mixed(topology, points, rounds), [0, 3]) / start;
        const expected = lambda ** rounds;
        assert.ok(Math.abs(got - expected) < 1e-4 * expected + 1e-6, `${n} peers, ${rounds} rounds: ${got}`);
      }
    }
  });
}

test("the mean of many peers stays, and on a graph that stays they come nearer by the mixing rate at least", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(
        "ring",
        "torus",
        "exponential",
        "random-regular",
        "one-peer-exponential",
        "shift-one",
        "random-pairs",
      ),
      fc.constantFrom(16, 36, 64),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(),
      async (topology, n, rounds, seed) => {
        const graph = parseTopology(topology, n, "test");
        const points = normals(n, seed);
        const centre = meanOf(points);
        const ends = await mixed(topology, points, rounds);
        assert.ok(spread([meanOf(ends)], centre) < 1e-6);
        const rate = graph.period === 1 ? mixingRate(graph) : 1;
        assert.ok(spread(ends, centre) <= rate ** rounds * spread(points, centre) + 1e-5);
      },
    ),
    { numRuns: 25 },
  );
});

test("push-sum of many peers comes to the mean, though rows of W do not sum to 1", async () => {
  for (const n of [20, 64, 256]) {
    const points = normals(n);
    const centre = meanOf(points);
    assert.ok(spread(await mixed("random-out:3", points, 1), centre) > 1);
    for (const x of await mixed("random-out:3", points, 50)) {
      assert.ok(spread([x], centre) < 1e-5, `${n} peers: ${spread([x], centre)}`);
    }
  }
});

test("a thousand peers, each of whom tells one other a round, come to their mean", async () => {
  const points = normals(1000);
  const centre = meanOf(points);
  const ends = await mixed("one-peer-exponential", points, 30);
  assert.ok(spread([meanOf(ends)], centre) < 1e-6);
  assert.ok(spread(ends, centre) < 1e-3, `${spread(ends, centre)}`);
});
