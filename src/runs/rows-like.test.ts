import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Dataset } from "../ports/dataset.ts";
import { rowsLike, takeRows } from "./rows-like.ts";

/** The input of a row is its number. */
const dataOf = (targets: readonly number[]): Dataset => ({
  name: "rows",
  rows: targets.length,
  inputShape: [1],
  inputs: Float32Array.from(targets.keys()),
  targets: Int32Array.from(targets),
  classes: 4,
});
const labels = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 40 });
const all = (data: Dataset) => Uint32Array.from({ length: data.rows }, (_, row) => row);
const shareOf = (targets: readonly number[], label: number) =>
  targets.filter((target) => target === label).length / targets.length;

test("rows are rows of the test data, as many as it has, with the shares of a peer's labels", () => {
  fc.assert(
    fc.property(labels, labels, (judged, own) => {
      const [test, train] = [dataOf(judged), dataOf(own)];
      const like = rowsLike(test, train, all(train));
      const known = own.filter((label) => judged.includes(label));
      if (known.length === 0) return assert.equal(like, undefined);
      assert.ok(like !== undefined);
      assert.equal(like.targets.length, test.rows);
      for (const [i, row] of like.inputs.entries()) assert.equal(like.targets[i], judged[row]);
      for (const label of [0, 1, 2, 3]) {
        const apart = shareOf([...like.targets], label) - shareOf(known, label);
        assert.ok(Math.abs(apart) <= 1 / test.rows + 1e-12, `label ${label}: ${apart}`);
      }
    }),
  );
});

test("every row with a label is taken before one is taken again", () => {
  const like = rowsLike(dataOf([0, 0, 1, 1, 1, 1]), dataOf([0, 3]), Uint32Array.of(0, 1));
  assert.deepEqual([...like!.inputs], [0, 1, 0, 1, 0, 1]);
});

test("rows are taken in the order in which they are named, as often as they are", () => {
  const data = { ...dataOf([3, 1, 2]), inputShape: [2], inputs: Float32Array.of(0, 1, 2, 3, 4, 5) };
  const taken = takeRows(data, Uint32Array.of(2, 0, 2));
  assert.deepEqual([taken.rows, [...taken.inputs], [...taken.targets]], [3, [4, 5, 0, 1, 4, 5], [2, 3, 2]]);
});

test("only the peer's own rows count", () => {
  const like = rowsLike(dataOf([0, 1]), dataOf([0, 1, 1, 1]), Uint32Array.of(0));
  assert.deepEqual([...like!.targets], [0, 0]);
});
