import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import type { Dataset } from "../ports/dataset.ts";
import { Batches, roomForBatch } from "./batches.ts";

/** Row i has the input (i, −i) and the target i. */
const counting = (rows: number): Dataset => ({
  name: "counting",
  rows,
  inputShape: [2],
  inputs: Float32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? i / 2 : -(i - 1) / 2)),
  targets: Int32Array.from({ length: rows }, (_, i) => i),
  classes: rows,
});

const cases = fc.record({
  rows: fc.uniqueArray(fc.nat(49), { minLength: 1, maxLength: 20 }).map((rows) => Uint32Array.from(rows)),
  size: fc.integer({ min: 1, max: 30 }),
  seed: fc.nat(),
});
const data = counting(50);
const sorted = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);

test("every row of the peer appears exactly once in each epoch, whatever the size of the batch", () => {
  fc.assert(
    fc.property(cases, ({ rows, size, seed }) => {
      const batches = new Batches(data, rows, size, Random.fromSeed(seed));
      const seen: number[] = [];
      while (seen.length < 4 * rows.length) seen.push(...batches.at(Math.floor(seen.length / size)).targets);
      for (let epoch = 0; epoch < 4; epoch++) {
        assert.deepEqual(sorted(seen.slice(epoch * rows.length, (epoch + 1) * rows.length)), sorted(rows));
      }
    }),
  );
});

test("a round's batch is the same whether rounds are visited in order, again or at random", () => {
  fc.assert(
    fc.property(cases, fc.array(fc.nat(40), { minLength: 1, maxLength: 12 }), ({ rows, size, seed }, rounds) => {
      const jumping = new Batches(data, rows, size, Random.fromSeed(seed));
      const inOrder = new Batches(data, rows, size, Random.fromSeed(seed));
      const expected = Array.from({ length: 41 }, (_, round) => [...inOrder.at(round).targets]);
      for (const round of rounds) assert.deepEqual([...jumping.at(round).targets], expected[round]);
    }),
  );
});

test("inputs stand beside their targets", () => {
  const { inputs, targets } = new Batches(data, Uint32Array.of(3, 8, 21, 40), 6, Random.fromSeed(2)).at(5);
  assert.deepEqual(
    [...inputs],
    [...targets].flatMap((row) => [row, -row]),
  );
});

test("epochs and generators differ in their order", () => {
  const rows = Uint32Array.from({ length: 50 }, (_, i) => i);
  const first = (seed: number, round: number): number[] => [
    ...new Batches(data, rows, 50, Random.fromSeed(seed)).at(round).targets,
  ];
  assert.notDeepEqual(first(1, 0), first(1, 1));
  assert.notDeepEqual(first(1, 0), first(2, 0));
});

test("one batch is allocated and reused", () => {
  const batches = new Batches(data, Uint32Array.of(1, 2, 3), 2, Random.fromSeed(1));
  assert.equal(batches.at(0), batches.at(7));
});

test("peers that share their room read the same batches as alone, one after the other", () => {
  const room = roomForBatch(data, 4);
  const rows = [Uint32Array.of(1, 2, 3, 5), Uint32Array.of(7, 8, 9)];
  const sharing = rows.map((own, i) => new Batches(data, own, 4, Random.fromSeed(i), room));
  const alone = rows.map((own, i) => new Batches(data, own, 4, Random.fromSeed(i)));
  for (let round = 0; round < 3; round++) {
    for (const [i, batches] of sharing.entries()) assert.deepEqual(batches.at(round), alone[i]!.at(round));
  }
  assert.equal(sharing[0]!.at(0), sharing[1]!.at(0));
});

test("an empty peer or an impossible batch size is refused", () => {
  assert.throws(() => new Batches(data, new Uint32Array(), 2, Random.fromSeed(1)), ConfigError);
  for (const size of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => new Batches(data, Uint32Array.of(1), size, Random.fromSeed(1)), ConfigError);
  }
});
