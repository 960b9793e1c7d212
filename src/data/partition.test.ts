import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { partition, partitioners } from "./partition.ts";
import type { Labelled } from "./partitioner.ts";
import { skewOf } from "./skew.ts";

const labelled = (targets: readonly number[]): Labelled => ({
  rows: targets.length,
  targets: Int32Array.from(targets),
  classes: Math.max(...targets) + 1,
});

/** Ten classes in turn. */
const balanced = (rows: number): Labelled => labelled(Array.from({ length: rows }, (_, i) => i % 10));
const rng = (seed: number): Random => Random.fromSeed(seed).split("partition");

const specs = fc.constantFrom(
  "iid",
  "shards:1",
  "shards:2",
  "dirichlet:0.001",
  "dirichlet:0.3",
  "dirichlet:100",
  "dirichlet:1,min=1",
);
const sets = fc.array(fc.nat(5), { minLength: 2, maxLength: 120 }).map(labelled);

for (const name of partitioners.keys()) {
  test(`${name} works without arguments, and refuses one that it does not know`, () => {
    assert.equal(partition(name, balanced(100), 4, rng(1)).length, 4);
    assert.throws(() => partition(`${name}:speed=3`, balanced(100), 4, rng(1)), ConfigError);
  });
}

test("every row goes to exactly one peer, and every peer has a row", () => {
  fc.assert(
    fc.property(specs, sets, fc.integer({ min: 1, max: 60 }), fc.nat(), (spec, data, wanted, seed) => {
      const peers = Math.max(1, Math.min(wanted, Math.floor(data.rows / 2)));
      const parts = partition(spec, data, peers, rng(seed));
      assert.equal(parts.length, peers);
      assert.ok(parts.every((part) => part.length > 0));
      assert.deepEqual(
        parts.flatMap((part) => [...part]).sort((a, b) => a - b),
        Array.from({ length: data.rows }, (_, i) => i),
      );
    }),
  );
});

test("the same seed gives the same parts, another seed others", () => {
  for (const spec of ["iid", "shards:2", "dirichlet:0.3"]) {
    assert.deepEqual(partition(spec, balanced(300), 7, rng(3)), partition(spec, balanced(300), 7, rng(3)));
    assert.notDeepEqual(partition(spec, balanced(300), 7, rng(3)), partition(spec, balanced(300), 7, rng(4)));
  }
});

test("iid parts differ by at most one row", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 50 }), (rows, wanted) => {
      const { rowsMin, rowsMax } = skewOf(
        balanced(rows),
        partition("iid", balanced(rows), Math.min(wanted, rows), rng(1)),
      );
      assert.ok(rowsMax - rowsMin <= 1);
    }),
  );
});

test("k shards a peer bring at most 2k labels, and one shard of a whole class exactly one", () => {
  const data = balanced(2000);
  const labelsOf = (part: Uint32Array): number => new Set(part.map((row) => data.targets[row]!)).size;
  for (const part of partition("shards:2", data, 13, rng(5))) assert.ok(labelsOf(part) <= 4);
  for (const part of partition("shards:1", data, 10, rng(5))) assert.equal(labelsOf(part), 1);
});

test("dirichlet keeps its minimum even where the draw never does", () => {
  const parts = partition("dirichlet:0.001", balanced(1000), 50, rng(1));
  assert.ok(parts.every((part) => part.length >= 10));
  assert.ok(partition("dirichlet:0.001,min=20", balanced(1000), 50, rng(1)).every((part) => part.length === 20));
});

test("label skew falls as alpha grows, from nearly one class a peer to nearly iid", () => {
  const data = balanced(20_000);
  const skews = ["0.01", "0.1", "1", "10", "1000"].map((alpha) =>
    skewOf(data, partition(`dirichlet:${alpha}`, data, 10, rng(2))),
  );
  for (const [i, skew] of skews.slice(1).entries())
    assert.ok(skew.l1 < skews[i]!.l1, `${skew.l1} after ${skews[i]!.l1}`);
  assert.ok(skews[0]!.effectiveClasses < 2.5 && skews[4]!.effectiveClasses > 9.9);
});

test("what cannot be cut is refused, naming the option", () => {
  const refuses = (spec: string, peers: number, about: RegExp): void => {
    assert.throws(
      () => partition(spec, balanced(20), peers, rng(1)),
      (error) => error instanceof ConfigError && about.test(error.message),
    );
  };
  refuses("iid", 21, /--peers: expected 1 to 20 peers, a row for each at least, got 21/);
  refuses("iid", 0, /--peers/);
  refuses("iid", 2.5, /--peers/);
  refuses("dirichelt:0.3", 2, /Did you mean dirichlet\?/);
  refuses("dirichlet:0", 2, /--partition: dirichlet: expected a number at least 0.0001/);
  refuses("dirichlet:x", 2, /--partition: dirichlet/);
  refuses("dirichlet:1,min=11", 2, /--partition: min: expected at most 10, for 20 rows and 2 peers, got 11/);
  refuses("shards:0", 2, /--partition: shards/);
  refuses("shards:11", 2, /at most 10 shards a peer, for 20 rows and 2 peers, got 11/);
});
