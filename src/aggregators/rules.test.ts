import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError, NonFiniteError } from "../base/errors.ts";
import { flatLayout } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import type { SavedChannel } from "../channels/channel.ts";
import { near, Table } from "./aggregator.contract.ts";
import { bucketing } from "./bucketing.ts";
import { centeredClipping } from "./centered-clipping.ts";
import { geometricMedian } from "./geometric-median.ts";
import { krum, multiKrum, scoresOf } from "./krum.ts";
import { squaredDistance } from "./linear.ts";
import { median } from "./median.ts";
import { normClipping } from "./norm-clipping.ts";
import { parseAggregator } from "./registry.ts";
import { trimmedMean } from "./trimmed-mean.ts";

const open = (spec: string, count: number, length: number, weights?: readonly number[]) =>
  new Table(parseAggregator(spec, "test"), count, flatLayout(length), { ...(weights && { weights }) });

const decide = (spec: string, vectors: readonly ArrayLike<number>[]) =>
  open(spec, vectors.length, vectors[0]!.length).decide(vectors);

const GARBAGE = new Uint8Array(3);

/** Four near each other and one that is far off. */
const five = [
  [1, 2],
  [1.2, 1.8],
  [0.8, 2.1],
  [1.1, 2.3],
  [10, -10],
];

for (const [spec, expected] of [
  ["mean", [2.82, -0.36]],
  ["median", [1.1, 2]],
  ["trimmed-mean:1", [1.1, 1.96666666666667]],
  ["krum:1", [1, 2]],
  ["multi-krum:1,m=2", [0.9, 2.05]],
  ["multi-krum:1,m=3", [0.966666666666667, 2.13333333333333]],
  ["centered-clipping:1", [0.499294279561545, 0.571198532143165]],
  ["centered-clipping:1,rounds=2", [0.90244150865363, 1.17009012414013]],
  ["centered-clipping:1,rounds=3", [1.12172418145621, 1.68997318085335]],
  ["norm-clipping:3", [1.24426406871193, 1.21573593128807]],
  ["geometric-median:rounds=1", [1.55784542980125, 1.33311526556594]],
  ["geometric-median:rounds=2", [1.18498858550166, 1.82940835451916]],
  ["geometric-median:rounds=3", [1.16737703738936, 1.84353505374634]],
  ["majority-vote", [1, 1]],
] as const) {
  test(`${spec} of four near each other and one far off is as worked out by hand`, () => {
    near(decide(spec, five), expected, 1e-6);
  });
}

test("the weighted mean of the five is as worked out by hand, and equal weights give the mean bit for bit", () => {
  near(open("weighted-mean", 5, 2, [10, 20, 30, 20, 20]).decide(five), [2.8, -0.35], 1e-6);
  for (const present of [5, 3]) {
    const vectors = five.map((x, i) => (i < present ? x : undefined));
    for (const weights of [undefined, [7, 7, 7, 7, 7]]) {
      const weighted = open("weighted-mean", 5, 2, weights).decide(vectors);
      assert.deepEqual(weighted, open("mean", 5, 2).decide(vectors));
    }
  }
});

test("weights below 0, all 0 or not finite are refused", () => {
  for (const bad of [
    [1, -1, 2],
    [0, 0, 0],
    [1, Number.NaN, 1],
    [1, Number.POSITIVE_INFINITY, 1],
  ]) {
    assert.throws(() => open("weighted-mean", 3, 2, bad), ConfigError);
  }
});

test("the median of an even number is the mean of the two middle values", () => {
  near(decide("median", five.slice(0, 4)), [1.05, 2.05], 1e-6);
});

test("Krum's scores are as worked out by hand, and of equal scores the lowest rank wins", () => {
  const scores = scoresOf(
    five.map((x) => Float32Array.from(x)),
    2,
    new Float64Array(25),
  );
  near(scores, [0.13, 0.33, 0.18, 0.23, 441.68], 1e-4);
  near(decide("krum:0", [[3], [5], [4], [1], [2]].concat([[6]])), [3], 0);
});

/** Long enough for several blocks, and not a whole number of them. */
const LENGTH = 9001;
const normal = (name: string, scale = 1) => {
  const rng = Random.fromSeed(3).split(name);
  return Float32Array.from({ length: LENGTH }, (_, j) => scale * rng.normal(j));
};

test("rules over blocks of a long vector equal their definition coordinate by coordinate", () => {
  const vectors = Array.from({ length: 6 }, (_, i) => normal(`long/${i}`));
  const sorted = (j: number) => vectors.map((x) => x[j]!).sort((a, b) => a - b);
  const [middle, trimmed] = [decide("median", vectors), decide("trimmed-mean:2", vectors)];
  for (let j = 0; j < LENGTH; j++) {
    const [, , low, high] = sorted(j);
    assert.equal(middle[j], Math.fround((low! + high!) / 2));
    assert.equal(trimmed[j], middle[j]);
  }
  const winner = decide("krum:1", vectors);
  const score = (x: Float32Array) =>
    vectors
      .map((y) => squaredDistance(x, y))
      .sort((a, b) => a - b)
      .slice(1, 4)
      .reduce((a, b) => a + b);
  const best = vectors.reduce((a, b) => (score(b) < score(a) ? b : a));
  assert.deepEqual(winner, best);
});

for (const spec of [
  "median",
  "trimmed-mean:2",
  "krum:2",
  "multi-krum:2",
  "geometric-median:rounds=80",
  "centered-clipping:60",
]) {
  test(`${spec}: two liars of nine, whatever they send, leave the result near the honest mean`, () => {
    const honest = Array.from({ length: 7 }, (_, i) => normal(`honest/${i}`, 0.5).map((value) => value + 1));
    const length = Math.sqrt(LENGTH);
    for (const scale of [-1, 30, -1e6, 1e30]) {
      const lies = [normal("lie/0", scale), new Float32Array(LENGTH).fill(scale)];
      const table = open(spec, 9, LENGTH);
      let out: Float32Array = new Float32Array(LENGTH);
      for (let round = 0; round < 8; round++) out = table.round([...honest, ...lies]);
      const error = Math.sqrt(squaredDistance(out, new Float32Array(LENGTH).fill(1))) / length;
      assert.ok(error < 0.65, `${error} at scale ${scale}`); // an honest vector is 0.5 away, and the mean of all 1e29
    }
  });
}

test("norm clipping bounds what liars move the mean by: f τ/n", () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(1, 1e3, 1e30), (seed, scale) => {
      const honest = Array.from({ length: 4 }, (_, i) => normal(`small/${seed}/${i}`, 0.01));
      const [without, lied] = [0, scale].map((size) => decide("norm-clipping:2", [...honest, normal("lie", size)]));
      assert.ok(Math.sqrt(squaredDistance(without!, lied!)) <= 2 / 5 + 1e-6);
    }),
    { numRuns: 20 },
  );
});

test("centered clipping moves with its vectors and its memory, and comes to rest at n times the same vector", () => {
  const moved = five.map(([x, y]) => [x! + 5, y! - 3]);
  const table = open("centered-clipping:1,rounds=2", 5, 2);
  const memory = table.aggregation.ends.get("rule")!;
  const last = (values: number[]): SavedChannel => ({
    shared: new Map(),
    private: new Map([["last", Float32Array.from(values)]]),
  });
  memory.restore(last([5, -3]));
  near(table.round(moved), [5.90244150865363, -1.82990987585987], 1e-6);
  near(memory.save().private.get("last")!, [5.90244150865363, -1.82990987585987], 1e-6);
  let out: Float32Array = new Float32Array(2);
  for (let round = 0; round < 8; round++) out = table.round(Array(5).fill([2, 2]));
  near(out, [2, 2], 1e-6);
});

test("bucketing in groups of one is the rule itself, and groups are drawn from the round's randomness", () => {
  const vectors = Array.from({ length: 7 }, (_, i) => normal(`bucket/${i}`));
  assert.deepEqual(decide("bucketing:1,median", vectors), decide("median", vectors));
  const table = open("bucketing:2,median", 7, LENGTH);
  const [first, again, other] = [1, 1, 2].map((seed) => table.decide(vectors, Random.fromSeed(seed)));
  assert.deepEqual(again, first);
  assert.notDeepEqual(other, first);
});

test("bucketing of the mean of groups that divide n is the mean, and each vector is in one group", () => {
  const vectors = Array.from({ length: 6 }, (_, i) => normal(`bucket/${i}`));
  for (const s of [2, 3, 6, 10]) near(decide(`bucketing:${s},trimmed-mean:0`, vectors), decide("mean", vectors), 1e-6);
});

test("bucketing lets the median find the mean of workers with different data", () => {
  // Nine workers pull to 0 and six to 1: the median hears the nine alone.
  const vectors = Array.from({ length: 15 }, (_, i) => new Float32Array(100).fill(i < 9 ? 0 : 1));
  near(decide("median", vectors), new Float32Array(100), 0);
  let sum = 0;
  for (let seed = 0; seed < 200; seed++) {
    sum += open("bucketing:5,median", 15, 100).decide(vectors, Random.fromSeed(seed))[0]!;
  }
  assert.ok(Math.abs(sum / 200 - 0.4) < 0.04, `${sum / 200}`);
});

test("a sender that is found out is one of the faulty that a rule allows for", () => {
  const rest = five.slice(0, 4);
  for (const [spec, expected] of [
    ["median", decide("median", rest)],
    ["trimmed-mean:1", decide("mean", rest)],
    ["krum:1", decide("krum:0", rest)],
    ["geometric-median", decide("geometric-median", rest)],
    ["majority-vote", [1, 1]],
  ] as const) {
    near(open(spec, 5, 2).decide([...rest, GARBAGE]), expected, 1e-6);
  }
  near(open("trimmed-mean:1", 5, 2).decide([...rest, undefined]), [1.05, 2.05], 1e-6); // absent, not found out
});

test("too few workers are refused on opening, and too few vectors of a round with a typed error", () => {
  const least = { "trimmed-mean:2": 5, "krum:1": 5, "multi-krum:1,m=6": 7, "bucketing:2,krum:0": 5, median: 1 };
  for (const [spec, count] of Object.entries(least)) {
    open(spec, count, 2);
    if (count > 1) assert.throws(() => open(spec, count - 1, 2), ConfigError);
    const vectors = Array.from({ length: count }, () => [1, 2]);
    assert.throws(() => open(spec, count, 2).decide(vectors.map(() => GARBAGE)), NonFiniteError);
    if (count > 1) assert.throws(() => open(spec, count, 2).decide([...vectors.slice(1), undefined]), NonFiniteError);
  }
});

test("options in code are checked like those of a spec", () => {
  for (const bad of [Number.NaN, -1, 0.5]) {
    for (const make of [krum, trimmedMean, multiKrum, centeredClipping, normClipping]) {
      if (bad === 0.5 && (make === centeredClipping || make === normClipping)) continue; // a length
      assert.throws(() => make(bad), ConfigError);
    }
    assert.throws(() => multiKrum(1, bad), ConfigError);
    assert.throws(() => bucketing(bad, median), ConfigError);
    assert.throws(() => geometricMedian({ rounds: bad }), ConfigError);
  }
});

test("aggregators warn of more liars than they bear, and of skewed data", () => {
  const warnings = (spec: string, use: { workers: number; byzantine?: number; skewed?: boolean }) =>
    parseAggregator(spec, "test").warnings?.({ byzantine: 0, skewed: false, ...use }) ?? [];
  const most: readonly [string, number, number][] = [
    ["mean", 10, 0],
    ["weighted-mean", 10, 0],
    ["adasum", 8, 0],
    ["norm-clipping:1", 10, 0],
    ["majority-vote", 10, 4],
    ["majority-vote", 11, 5],
    ["median", 10, 4],
    ["geometric-median", 11, 5],
    ["trimmed-mean:3", 10, 3],
    ["krum:1", 5, 1],
    ["krum:3", 9, 3],
    ["multi-krum:2", 9, 2],
    ["centered-clipping:1", 20, 2],
    ["bucketing:2,median", 10, 2],
    ["bucketing:3,krum:1", 15, 1],
  ];
  for (const [spec, workers, f] of most) {
    assert.deepEqual(warnings(spec, { workers, byzantine: f }), [], spec);
    const [line, ...others] = warnings(spec, { workers, byzantine: f + 1 });
    assert.equal(line, `${spec}: ${f + 1} of ${workers} workers lie, and it is safe from ${f}`);
    assert.deepEqual(others, []);
  }
  for (const spec of ["median", "trimmed-mean:1", "krum:1", "multi-krum:1", "geometric-median"]) {
    assert.match(warnings(spec, { workers: 8, skewed: true }).join(), /bucketing:2/);
    assert.deepEqual(warnings(`bucketing:2,${spec}`, { workers: 10, skewed: true }), []);
  }
  assert.deepEqual(warnings("mean", { workers: 8, skewed: true }), []);
  assert.match(warnings("majority-vote", { workers: 8, skewed: true }).join(), /wrong way/);
  assert.match(warnings("adasum", { workers: 6 }).join(), /no power of two/);
  assert.match(warnings("multi-krum:1,m=6", { workers: 8 }).join(), /n − f − 2 = 5/);
});
