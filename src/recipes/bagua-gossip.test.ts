import assert from "node:assert/strict";
import { test } from "node:test";
import { mean } from "../aggregators/mean.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { parseTopology } from "../topologies/registry.ts";
import { ranks, selfWeight } from "../topologies/topology.ts";
import { BYTES } from "./bagua.ts";
import { parseRecipe } from "./registry.ts";
import { none, quadratic, runTrial, type Trial } from "./trial.contract.ts";

const DIMENSION = 10;
const N = 8;
const RATE = 0.05;

const entries = ranks(DIMENSION);
const centre = (i: number) => entries.map((j) => Math.fround(Random.fromSeed(6).split(`centre/${i}`).normal(j)));
const curvature = (i: number) => entries.map((j) => 1 + ((i + j) % 3));
const optimum = entries.map(
  (j) =>
    ranks(N).reduce((sum, i) => sum + curvature(i)[j]! * centre(i)[j]!, 0) /
    ranks(N).reduce((sum, i) => sum + curvature(i)[j]!, 0),
);
const models = ranks(N).map((i) => quadratic(centre(i), curvature(i)));

const run = (options: string, trial: Partial<Trial> = {}) =>
  runTrial(`bagua-gossip${options === "" ? "" : `:${options}`}`, {
    models,
    rounds: 40,
    learningRate: RATE,
    ...trial,
  });
const distance = (x: ArrayLike<number>, y: ArrayLike<number>) =>
  Math.hypot(...Array.from(x, (value, i) => value - y[i]!));
/** √(Σ‖x_i − x‖²/n) */
const error = (all: readonly Float32Array[], x: ArrayLike<number>) =>
  Math.sqrt(all.reduce((sum, own) => sum + distance(own, x) ** 2, 0) / all.length);

test("D_FP_S is d-psgd, bit for bit, whatever the compressor", async () => {
  for (const topology of ["ring", "complete", "shift-one", "random-pairs"]) {
    const { params } = await run(`precision=full,topology=${topology}`, { up: "sign" });
    assert.deepEqual(params, (await runTrial(`d-psgd:topology=${topology}`, { models, rounds: 40 })).params);
  }
});

test("D_LP_S without loss is D_FP_S, but for the last bits, with momentum too", async () => {
  for (const topology of ["ring", "star", "hypercube", "random-regular"]) {
    for (const factor of [0, 0.9]) {
      const momentum = { factor, at: "worker" } as const;
      const full = await run(`precision=full,topology=${topology}`, { momentum });
      const low = await run(`topology=${topology}`, { up: "identity", momentum });
      for (const i of ranks(N)) assert.ok(distance(low.params[i]!, full.params[i]!) < 1e-5, `${topology}, peer ${i}`);
    }
  }
});

/**
 * D_LP_S as BAGUA does it, in f64: every peer mirrors its neighbours and itself, and what it sends is
 *
 *     Q(x_i + Σ_j w_ij x̂_j − w x̂_i), w = 1 + Σ_j w_ij          on a ring, x + L/3 + R/3 − 5/3 x̂
 */
function replicas(topology: string, compressor: string, rounds: number): Float64Array[] {
  const graph = parseTopology(topology, N, "test");
  const codec = parseCompressor(compressor, "test").open(DIMENSION);
  const decoded = new Float32Array(DIMENSION);
  const rng = Random.fromSeed(1);
  const x = ranks(N).map(() => new Float64Array(DIMENSION));
  for (const _ of ranks(rounds)) {
    const sent = x.map((own, i) => {
      const stepped = own.map((value, j) => value - RATE * curvature(i)[j]! * (value - centre(i)[j]!));
      const difference = stepped.map((value, j) =>
        graph
          .hears(i)
          .reduce((sum, { peer, weight }) => sum + weight * x[peer]![j]!, value - (2 - selfWeight(graph, i)) * own[j]!),
      );
      const into = new ByteSink(codec.maxBytes);
      codec.encode(Float32Array.from(difference), into, rng);
      codec.decode(new ByteSource(into.written, "test"), decoded, rng);
      return Float64Array.from(decoded);
    });
    for (const [i, own] of x.entries()) for (const j of entries) own[j]! += sent[i]![j]!;
  }
  return x;
}

test("D_LP_S sends what peers send who mirror their neighbours", async () => {
  for (const topology of ["ring", "torus", "star", "complete"]) {
    for (const [compressor, rounds] of [
      ["top-k:6", 25],
      ["blockwise:bits=4,block=8", 25],
      [BYTES, 3], // the finer the grid, the sooner an entry lies so near the middle that f32 rounds it the other way
    ] as const) {
      const { params } = await run(`topology=${topology}`, { up: compressor, rounds });
      const expected = replicas(topology, compressor, rounds);
      for (const i of ranks(N))
        assert.ok(distance(params[i]!, expected[i]!) < 1e-5, `${topology}, ${compressor}: ${i}`);
    }
  }
});

test("8 bits come as near the optimum as plain f32 do, for a byte an entry and eight bytes more", async () => {
  const trial = { learningRate: 0.01, rounds: 600 };
  const [low, full] = [await run("", trial), await run("precision=full", trial)];
  const [floor, got] = [error(full.params, optimum), error(low.params, optimum)];
  assert.ok(got < 1.02 * floor, `${got} and ${floor}`);
  const body = (bytes: number) => bytes / (600 * 2 * N) - 24 - 1; // of each of the two messages of a peer
  assert.equal(body(low.bytes), DIMENSION + 8);
  assert.equal(body(full.bytes), 4 * DIMENSION);
});

test("pairs by turns and at random near the optimum as the step shrinks", async () => {
  for (const topology of ["shift-one", "random-pairs"]) {
    const at = async (learningRate: number, rounds: number) =>
      error((await run(`precision=full,topology=${topology}`, { learningRate, rounds })).params, optimum);
    const [coarse, fine] = [await at(0.05, 200), await at(0.005, 2000)];
    assert.ok(fine < coarse / 5, `${topology}: ${coarse}, ${fine}`);
  }
});

test("D_LP_S refuses graphs that change or whose weights are not symmetric", async () => {
  for (const topology of ["shift-one", "random-pairs", "one-peer-exponential"]) {
    await assert.rejects(run(`topology=${topology}`, { rounds: 1 }), /a graph that stays/);
  }
  await assert.rejects(run("topology=exponential", { rounds: 1 }), /symmetric/);
});

test("D_LP_S tells of compressors that its theorem does not cover, D_FP_S of steps that are too large", () => {
  const of = (spec: string) => parseCompressor(spec, "test");
  const warnings = (options: string, up: string) =>
    parseRecipe(`bagua-gossip${options}`, "test").warnings({
      ...{ up: of(up), down: of("identity"), aggregate: mean, momentum: none, curvature: { L: 3, Ltilde: 3, Lmax: 3 } },
      ...{ length: 100, workers: 16, learningRate: 0.2, byzantine: 0, skewed: false },
    });
  // On a ring of 16, ρ/(2‖I − W‖) = 0.0507/(8/3) = 0.019; on the complete graph it is 1/2.
  assert.match(warnings("", "top-k:0.5").join(), /0\.71 of a step, and on ring D_LP_S is proved below 0\.019/);
  assert.match(warnings("", "sign:scale=none").join(), /states no bound/);
  for (const up of ["identity", BYTES]) assert.deepEqual(warnings("", up), [], up);
  assert.match(warnings("", "blockwise:bits=4,block=64").join(), /proved below/);
  assert.deepEqual(warnings(":topology=complete", "top-k:0.8"), []);
  assert.match(warnings(":precision=full", BYTES).join(), /0\.2 is above the theory's 0\.167/);
});
