import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { parseTopology, topologies } from "./registry.ts";
import { laplacianNorm, mixingRate, spectralGap } from "./spectrum.ts";
import { degrees, hopsOf, messagesPerRound, ranks, selfWeight, type Topology } from "./topology.ts";

const named = (spec: string, n: number) => parseTopology(spec, n, "test");
const close = (got: number, expected: number, tolerance = 1e-6) =>
  assert.ok(Math.abs(got - expected) <= tolerance, `${got} is not ${expected}`);

const SIZES = [2, 3, 4, 5, 8, 16, 33, 64];

/** Undefined where the topology has no such size. */
function orNone(spec: string, n: number): Topology | undefined {
  try {
    return named(spec, n);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return undefined;
  }
}

/** W x of a round. */
function mixed(topology: Topology, x: readonly number[], round = 0): number[] {
  return x.map((own, i) =>
    topology
      .hears(i, round)
      .reduce((sum, { peer, weight }) => sum + weight * x[peer]!, selfWeight(topology, i, round) * own),
  );
}

const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
const spread = (x: readonly number[]) => Math.hypot(...x.map((value) => value - mean(x)));
const normals = (n: number) => ranks(n).map((i) => Random.fromSeed(9).normal(i));

for (const name of topologies.keys()) {
  const sizes = SIZES.map((n) => orNone(name, n)).filter((topology) => topology !== undefined);

  test(`${name}: columns of W sum to 1, rows too where it says so, and both ends see the same edges`, () => {
    assert.ok(sizes.length >= 3);
    for (const topology of sizes) {
      const { n, period } = topology;
      for (const round of ranks(period + 1)) {
        const w = ranks(n).map((i) => new Map(topology.hears(i, round).map(({ peer, weight }) => [peer, weight])));
        for (const i of ranks(n)) {
          const [hears, tells] = [topology.hears(i, round), topology.tells(i, round)];
          for (const edges of [hears, tells]) {
            const peers = edges.map(({ peer }) => peer);
            assert.deepEqual(
              peers,
              [...new Set(peers)].filter((j) => j !== i).sort((a, b) => a - b),
            );
            assert.ok(edges.every(({ peer, weight }) => peer >= 0 && peer < n && weight > 0));
          }
          for (const { peer, weight } of tells) assert.equal(w[peer]!.get(i), weight);
          assert.ok(selfWeight(topology, i, round) > 0);
          const row = hears.reduce((sum, { weight }) => sum + weight, selfWeight(topology, i, round));
          if (topology.doublyStochastic) close(row, 1, 1e-12);
          if (topology.symmetric) assert.deepEqual(hears, tells);
        }
        const edges = (list: (i: number) => readonly unknown[]) => ranks(n).reduce((sum, i) => sum + list(i).length, 0);
        assert.equal(
          edges((i) => topology.hears(i, round)),
          edges((i) => topology.tells(i, round)),
        );
      }
    }
  });

  test(`${name}: a round keeps the mean and shrinks the distance to it by the mixing rate at least`, () => {
    for (const topology of sizes) {
      let x = normals(topology.n);
      const [before, start] = [mean(x), spread(x)];
      const periods = 3;
      for (const round of ranks(periods * topology.period)) x = mixed(topology, x, round);
      close(mean(x), before, 1e-12);
      const rate = mixingRate(topology);
      if (topology.doublyStochastic) {
        assert.ok(rate < 1, `${topology.name} of ${topology.n}: ${rate}`);
        assert.ok(spread(x) <= start * rate ** (periods * topology.period) + 1e-9, `${topology.name} of ${topology.n}`);
      }
    }
  });
}

test("spectral gaps are those of the closed forms", () => {
  const c = (k: number, n: number) => Math.cos((2 * Math.PI * k) / n);
  const closed: Readonly<Record<string, (n: number) => number>> = {
    complete: () => 0,
    ring: (n) => (1 + 2 * c(1, n)) / 3,
    chain: (n) => (1 + 2 * c(1, 2 * n)) / 3,
    star: (n) => 1 - 1 / n,
    hypercube: (n) => 1 - 2 / (1 + Math.log2(n)),
    exponential: (n) => 1 - 2 / (1 + Math.ceil(Math.log2(n))),
  };
  for (const [name, rate] of Object.entries(closed)) {
    for (const n of [4, 8, 16, 64]) close(mixingRate(named(name, n)), rate(n));
  }
  close(mixingRate(named("torus", 16)), 0.6);
  close(mixingRate(named("torus", 64)), 0.882843);
  close(mixingRate(named("torus:3", 15)), (3 + 2 * c(1, 5)) / 5);
  close(mixingRate(named("grid", 16)), 0.868641);
  close(mixingRate(named("grid", 64)), 0.967705);
  close(mixingRate(named("exponential", 7)), 0.353553);
  close(mixingRate(named("exponential", 33)), 0.6078);
  close(mixingRate(named("ring", 500)), (1 + 2 * c(1, 500)) / 3);
  close(spectralGap(named("ring", 16)), 1 - 0.949253);
  close(laplacianNorm(named("ring", 16)), 4 / 3);
  close(laplacianNorm(named("complete", 5)), 1);
  const samples = ranks(2).map((seed) => mixingRate(named(`random-regular:4,seed=${seed}`, 256)));
  close(mean(samples), 0.885, 0.02);
});

test("consensus comes to contract by the mixing rate exactly", () => {
  for (const name of ["ring", "torus", "hypercube", "star"]) {
    const topology = named(name, 16);
    let x = normals(16);
    for (const round of ranks(60)) x = mixed(topology, x, round);
    close(spread(mixed(topology, x)) / spread(x), mixingRate(topology), 0.01);
  }
});

test("the one-peer exponential graph averages exactly after log₂ n rounds from any round on, and only nearly if n is no power of two", () => {
  for (const n of [2, 8, 16]) {
    const topology = named("one-peer-exponential", n);
    assert.equal(topology.period, Math.log2(n));
    assert.equal(mixingRate(topology), 0);
    for (const first of ranks(5)) {
      let x = normals(n);
      for (const round of ranks(topology.period)) x = mixed(topology, x, first + round);
      assert.ok(spread(x) < 1e-12);
    }
  }
  for (const [n, expected] of [
    [6, 0.0833],
    [12, 0.0417],
  ] as const) {
    const topology = named("one-peer-exponential", n);
    const columns = ranks(n).map((j) => {
      let x = ranks(n).map((i) => Number(i === j));
      for (const round of ranks(topology.period)) x = mixed(topology, x, round);
      return x;
    });
    close(Math.max(...columns.flat().map((value) => Math.abs(value - 1 / n))), expected, 1e-4);
  }
});

test("degrees, messages and hops are those of the graphs", () => {
  const facts: readonly [string, number, number, number, number, number][] = [
    ["complete", 8, 7, 7, 56, 1],
    ["ring", 8, 2, 2, 16, 4],
    ["ring", 9, 2, 2, 18, 4],
    ["ring", 2, 1, 1, 2, 1],
    ["chain", 8, 1, 2, 14, 7],
    ["star", 8, 1, 7, 14, 2],
    ["torus", 16, 4, 4, 64, 4],
    ["torus", 6, 3, 3, 18, 2], // two rows: up and down are one edge
    ["grid", 12, 2, 4, 34, 5],
    ["hypercube", 16, 4, 4, 64, 4],
    ["exponential", 12, 4, 4, 48, 3],
    ["one-peer-exponential", 12, 1, 1, 12, 4],
    ["complete", 1, 0, 0, 0, 0],
    ["ring", 1, 0, 0, 0, 0],
    ["one-peer-exponential", 1, 0, 0, 0, 0],
  ];
  for (const [name, n, least, most, messages, hops] of facts) {
    const topology = named(name, n);
    assert.deepEqual([name, degrees(topology)], [name, { least, most }]);
    assert.deepEqual([name, messagesPerRound(topology)], [name, messages]);
    assert.deepEqual([name, hopsOf(topology)], [name, hops]);
  }
});

test("where graphs look the same from every peer, hops from one of them are the most from any", () => {
  for (const name of ["exponential", "one-peer-exponential"]) {
    for (const n of SIZES) {
      const topology = named(name, n);
      assert.equal(topology.transitive, true);
      assert.equal(hopsOf(topology), hopsOf({ ...topology, transitive: false }));
    }
  }
});

test("random regular graphs are regular, connected, and drawn by their seed", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 9 }), fc.nat(99), (half, degree, seed) => {
      const n = 2 * half;
      fc.pre(degree < n && (degree > 1 || n === 2));
      const topology = named(`random-regular:${degree},seed=${seed}`, n);
      assert.deepEqual(degrees(topology), { least: degree, most: degree });
      assert.ok(hopsOf(topology) < n);
      const again = named(topology.name, n);
      assert.equal(again.name, topology.name);
      for (const i of ranks(n)) assert.deepEqual(again.hears(i), topology.hears(i));
    }),
    { numRuns: 30 },
  );
});

test("a small world without rewiring is a lattice, and keeps its number of edges with it", () => {
  const lattice = named("small-world:4,0", 20);
  assert.deepEqual(
    lattice.hears(0).map(({ peer }) => peer),
    [1, 2, 18, 19],
  );
  const random = named("small-world:4,1", 20);
  assert.equal(messagesPerRound(random), messagesPerRound(lattice));
  assert.ok(hopsOf(random) < hopsOf(lattice));
});

test("in a bipartite graph no cycle is odd: both ends of an edge have other colours", () => {
  for (const spec of ["bipartite", "bipartite:(small-world:6,0.3)", "bipartite:ring"]) {
    const topology = named(spec, 22);
    const colour = new Map([[0, 0]]);
    for (const [i, own] of colour) {
      for (const { peer } of topology.hears(i)) {
        assert.notEqual(colour.get(peer), own);
        colour.set(peer, 1 - own);
      }
    }
    assert.equal(colour.size, 22);
  }
  assert.throws(() => named("bipartite:exponential", 8), /undirected/);
});

test("specs that name no topology of the size are refused", () => {
  for (const [spec, n, message] of [
    ["rong", 8, /Did you mean ring/],
    ["hypercube", 12, /a power of two/],
    ["torus", 7, /r · c peers/],
    ["torus:3", 8, /r · c peers/],
    ["random-regular:3", 7, /even number of ends/],
    ["small-world:3,0.1", 9, /even degree/],
    ["random-out:4", 4, /more than 4/],
    ["ring:2", 4, /at most 0 plain/],
  ] as const) {
    assert.throws(() => named(spec, n), message);
  }
});
