import assert from "node:assert/strict";
import { test } from "node:test";
import { flatLayout } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { near, Table } from "./aggregator.contract.ts";
import { majorityVote, type Ties } from "./majority-vote.ts";

const open = (count: number, length: number, ties: Ties = "plus") =>
  new Table(majorityVote({ ties }), count, flatLayout(length));

test("the majority's sign wins, zeros abstain, and the sizes of entries do not count", () => {
  const votes = [
    [1, -3, 0, 1e9],
    [0.1, -2, 0, -1],
    [-1e9, 0, -1, -1],
  ];
  assert.deepEqual([...open(3, 4).decide(votes)], [1, -1, -1, -1]);
});

test("two opposite signs become what the policy says", () => {
  const tie = [[...Array(64).fill(1)], [...Array(64).fill(-1)]];
  const decide = (ties: Ties, seed = 1) => [...open(2, 64, ties).decide(tie, Random.fromSeed(seed))];
  assert.deepEqual(decide("plus"), Array(64).fill(1));
  assert.deepEqual(decide("zero"), Array(64).fill(0));
  assert.deepEqual(decide("previous"), Array(64).fill(1));
  const random = decide("random");
  assert.ok(random.every((value) => Math.abs(value) === 1) && new Set(random).size === 2);
  assert.deepEqual(decide("random"), random);
  assert.notDeepEqual(decide("random", 2), random);
});

test("with ties=previous a tie keeps the sign of the last round that was decided", () => {
  const table = open(2, 1, "previous");
  table.round([[-1], [-1]]);
  table.decide([[1], [1]]);
  table.settle(false);
  assert.deepEqual([...table.round([[1], [-1]])], [-1]);
  assert.deepEqual([...table.round([[-1], [1]])], [-1]);
  table.round([[1], [1]]);
  assert.deepEqual([...table.round([[-1], [1]])], [1]);
});

const SAMPLES = 20_000;
/** Gradients of 1 with normal noise of deviation 2, on so many coordinates; the last `flippers` turn them. */
const noisy = (count: number, flippers = 0) =>
  Array.from({ length: count }, (_, i) => {
    const rng = Random.fromSeed(5).split(`noise/${count}/${i}`);
    return Float32Array.from({ length: SAMPLES }, (_, j) => (i < count - flippers ? 1 : -1) * (1 + 2 * rng.normal(j)));
  });
const wrong = (votes: readonly Float32Array[]) =>
  open(votes.length, SAMPLES)
    .decide(votes)
    .reduce((sum, value) => sum + (value < 0 ? 1 : 0), 0) / SAMPLES;

test("the more vote, the rarer a wrong vote, with the probabilities of theory", () => {
  for (const [n, p] of [
    [1, 0.30854],
    [3, 0.22684],
    [5, 0.17456],
    [9, 0.10961],
    [15, 0.05839],
  ] as const) {
    near([wrong(noisy(n))], [p], 4 * Math.sqrt((p * (1 - p)) / SAMPLES));
  }
});

test("fewer than half of the voters may turn their signs, and the vote still points right more often than not", () => {
  for (const n of [3, 5, 9, 15]) {
    for (let f = 0; 2 * f < n; f++) assert.ok(wrong(noisy(n, f)) < 0.48, `${f} of ${n}`);
    assert.ok(wrong(noisy(n, (n + 1) / 2)) > 0.52);
  }
});

test("with different data the vote can point the wrong way: 4, −1, −1", () => {
  assert.deepEqual([...open(3, 1).decide([[4], [-1], [-1]])], [-1]);
});
