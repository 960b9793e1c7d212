import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "./readers.contract.ts";
import { parseText } from "./text.ts";

test("every row is a window of symbols and its target the symbol behind it", () => {
  const data = parseText(utf8("abcab"), "f", 2);
  assert.deepEqual([data.rows, data.classes, data.inputShape], [3, 3, [2]]);
  assert.deepEqual([...data.inputs], [0, 1, 1, 2, 2, 0]);
  assert.deepEqual([...data.targets], [2, 0, 1]);
});

test("a text too short or of one symbol is refused", () => {
  assert.throws(() => parseText(utf8("abc"), "f", 2), /f: expected a text of more than 3 bytes, got 3/);
  assert.throws(() => parseText(utf8("aaaaaa"), "f", 2), /two different symbols/);
});
