import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyBytePairs, spelled, trainBytePairs } from "./byte-pairs.ts";
import { utf8 } from "./readers.contract.ts";
import { byteSymbols, windowsOf } from "./text.ts";

const windows = (text: string, context: number, stride = 1) =>
  windowsOf(byteSymbols(utf8(text), "f"), "f", context, stride);

test("every row is a window of symbols and its target the symbol behind it", () => {
  const data = windows("abcab", 2);
  assert.deepEqual([data.rows, data.classes, data.inputShape], [3, 3, [2]]);
  assert.deepEqual([...data.inputs], [0, 1, 1, 2, 2, 0]);
  assert.deepEqual([...data.targets], [2, 0, 1]);
});

test("rows begin every stride symbols, as long as a target follows", () => {
  const data = windows("abcabca", 2, 2);
  assert.deepEqual([...data.inputs], [0, 1, 2, 0, 1, 2]);
  assert.deepEqual([...data.targets], [2, 1, 0]);
});

test("a text too short or of one symbol is refused", () => {
  assert.throws(() => windows("abc", 2), /f: expected a text of more than 3 symbols, got 3/);
  assert.throws(() => windows("aaaaaa", 2), /two different symbols/);
});

test("the most frequent pair is merged first, the lower of equals", () => {
  const symbols = byteSymbols(utf8("abababcc"), "f");
  assert.deepEqual(trainBytePairs(symbols, 5), [
    [0, 1],
    [3, 3],
  ]);
  assert.deepEqual([...applyBytePairs(symbols, [[0, 1]]).numbers], [3, 3, 3, 2, 2]);
});

test("merging stops where no pair occurs twice, and merges from the left", () => {
  const symbols = byteSymbols(utf8("aaab"), "f");
  const merges = trainBytePairs(symbols, 100);
  assert.deepEqual(merges, [[0, 0]]);
  assert.deepEqual([...applyBytePairs(symbols, merges).numbers], [2, 0, 1]);
});

test("merged symbols spell the text they were made from", () => {
  const texts = fc.string({ minLength: 2, maxLength: 200, unit: fc.constantFrom(..."abc ") });
  fc.assert(
    fc.property(texts, texts, fc.integer({ min: 4, max: 40 }), (seen, other, size) => {
      const known = byteSymbols(utf8(`abc ${seen}`), "f");
      const merges = trainBytePairs(known, size);
      const fresh = byteSymbols(utf8(`abc ${other}`), "f");
      const { numbers, count } = applyBytePairs(fresh, merges);
      assert.deepEqual(spelled(numbers, fresh.count, merges), [...fresh.numbers]);
      assert.ok(numbers.every((symbol) => symbol < count) && count <= Math.max(size, known.count));
    }),
  );
});
