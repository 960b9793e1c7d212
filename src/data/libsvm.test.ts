import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DataError } from "../base/errors.ts";
import { parseLibsvm } from "./libsvm.ts";
import { dataErrorOnly, utf8 } from "./readers.contract.ts";

const read = (text: string): { inputs: number[]; targets: number[]; shape: readonly number[]; classes: number } => {
  const { inputs, targets, inputShape, classes } = parseLibsvm(utf8(text), "f");
  return { inputs: [...inputs], targets: [...targets], shape: inputShape, classes };
};

test("sparse rows become dense, and what is not named is 0", () => {
  assert.deepEqual(read("-1 1:0.5 3:-2\n+1 2:1e2\n"), {
    inputs: [0.5, 0, -2, 0, 100, 0],
    targets: [0, 1],
    shape: [3],
    classes: 2,
  });
});

test("labels -1/+1, 0/1 and 1/2 all become 0/1, and more classes are numbered in rising order", () => {
  for (const [a, b] of [
    ["-1", "+1"],
    ["0", "1"],
    ["1", "2"],
    ["1.0", "2.0"],
  ]) {
    assert.deepEqual(read(`${b} 1:1\n${a} 1:1\n${b} 1:1\n`).targets, [1, 0, 1]);
  }
  assert.deepEqual(read("10 1:1\n9 1:1\n3 1:1\n").targets, [2, 1, 0]);
});

test("blank lines, comments, tabs, trailing blanks, Windows line ends and a missing last newline are no harm", () => {
  const plain = read("1 1:1 2:2\n2 1:3\n");
  assert.deepEqual(read("\n1 1:1\t2:2 \r\n\n# a comment\n2  1:3 # another"), plain);
});

test("a last line cut off in a download is left out with a warning", () => {
  const notes: string[] = [];
  const data = parseLibsvm(utf8("1 1:1\n2 2:1\n1 1:1 2:"), "f", { warn: (note) => notes.push(note) });
  assert.equal(data.rows, 2);
  assert.match(notes.join(), /f: the last line is cut off/);
});

test("features= fixes the number of columns and refuses a larger index", () => {
  const wide = parseLibsvm(utf8("1 1:1\n2 2:1\n"), "f", { features: 5 });
  assert.deepEqual(wide.inputShape, [5]);
  assert.throws(
    () => parseLibsvm(utf8("1 1:1\n2 2:1\n"), "f", { features: 1 }),
    /line 2: expected an index of at most 1, got 2/,
  );
});

test("a bad row is refused, and the error names the line", () => {
  const complains = (text: string, about: RegExp): void => {
    assert.throws(
      () => read(text),
      (error) => error instanceof DataError && about.test(error.message),
    );
  };
  complains("", /rows such as -1 3:1/);
  complains("1 1:1\nyes 1:1\n2 1:1\n", /f, line 2: expected a class label, a whole number, got "yes"/);
  complains("1.5 1:1\n2 1:1\n", /line 1: .*class label/);
  complains("1 0:1\n2 1:1\n", /Indices of this format start at 1/);
  complains("1 2:1 2:1\n2 1:1\n", /an index above 2, got "2:1"/);
  complains("1 -3:1\n2 1:1\n", /index from 1 to/);
  complains("1 1048577:1\n2 1:1\n", /index from 1 to 1048576/);
  complains("1 3\n2 1:1\n", /index:value/);
  complains("1 :3\n2 1:1\n", /index/);
  for (const value of ["nan", "inf", "1e999", "1e39", "0x10", "1_0", ""])
    complains(`1 3:${value}\n2 1:1\n`, /finite value/);
  complains("1 1:1\n1 1:2\n", /at least two different labels/);
  complains("1\n2\n", /labels only/);
});

test("a few bytes cannot ask for gigabytes", () => {
  const rows = Array.from({ length: 300 }, (_, i) => `${i % 2} 1048576:1\n`).join("");
  assert.throws(() => read(rows), /at most 268435456 entries, got 314572800/);
});

test("reading what was written gives the rows back", () => {
  const row = fc.tuple(
    fc.integer({ min: 0, max: 3 }),
    fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 4, maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(row, { minLength: 2, maxLength: 8 }), (rows) => {
      const labels = [...new Set(rows.map(([label]) => label))].sort();
      fc.pre(labels.length > 1);
      const text = rows
        .map(([label, values]) => `${label} ${values.map((v, i) => `${i + 1}:${v}`).join(" ")}\n`)
        .join("");
      const data = parseLibsvm(utf8(text), "f");
      // Text has no −0 in JavaScript's rendering.
      assert.deepEqual(
        [...data.inputs],
        rows.flatMap(([, values]) => values.map((v) => v + 0)),
      );
      assert.deepEqual(
        [...data.targets],
        rows.map(([label]) => labels.indexOf(label)),
      );
    }),
  );
});

test("any text gives rows or a DataError", () => {
  const token = fc.constantFrom("1", "-1", " ", "\n", ":", "2:1", "9:", "#", "e", ".", "\t", "nan", "1048576:1", "\r");
  fc.assert(fc.property(fc.array(token, { maxLength: 30 }), (tokens) => dataErrorOnly(() => read(tokens.join("")))));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => dataErrorOnly(() => parseLibsvm(bytes, "f"))));
});
