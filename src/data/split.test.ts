import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Random } from "../base/random.ts";
import { ownMemory, sharedMemory } from "./memory.ts";
import { splitShuffled } from "./split.ts";

test("rows are shuffled where they lie: each goes to its place with its target, and nothing is copied", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 40 }),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(),
      fc.boolean(),
      (rows, width, seed, isShared) => {
        const memory = isShared ? sharedMemory : ownMemory;
        const [inputs, targets] = [memory.floats(rows * width), memory.ints(rows)];
        for (let i = 0; i < inputs.length; i++) inputs[i] = i;
        for (let row = 0; row < rows; row++) targets[row] = row;
        const order = Random.fromSeed(seed).permutation(rows);
        const data = { name: "rows", rows, inputShape: [width], inputs, targets, classes: rows };
        const { train, test: held } = splitShuffled(data, 1, Random.fromSeed(seed));
        assert.deepEqual([train.rows, held.rows], [rows - 1, 1]);
        assert.deepEqual([...train.targets, ...held.targets], [...order]);
        const wanted = [...order].flatMap((row) => Array.from({ length: width }, (_, i) => row * width + i));
        assert.deepEqual([...train.inputs, ...held.inputs], wanted);
        assert.ok(train.inputs.buffer === inputs.buffer && held.targets.buffer === targets.buffer);
      },
    ),
  );
});
