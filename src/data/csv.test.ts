import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError, DataError } from "../base/errors.ts";
import { type CsvOptions, parseCsv } from "./csv.ts";
import { dataErrorOnly, utf8 } from "./readers.contract.ts";

const read = (text: string, options: CsvOptions = {}): { rows: number[][]; targets: number[]; classes: number } => {
  const { inputs, targets, inputShape, rows, classes } = parseCsv(utf8(text), "f", options);
  const [width = 0] = inputShape;
  return {
    rows: Array.from({ length: rows }, (_, row) => [...inputs.subarray(row * width, (row + 1) * width)]),
    targets: [...targets],
    classes,
  };
};

test("rows of numbers are read, with the label in the last column", () => {
  assert.deepEqual(read("1,2.5,0\n-3,4e1,1\n"), {
    rows: [
      [1, 2.5],
      [-3, 40],
    ],
    targets: [0, 1],
    classes: 2,
  });
});

test("the label may stand first, last or under a name of the header", () => {
  const text = "a,kind,b\n1,x,2\n3,y,4\n";
  assert.deepEqual(read(text, { label: "kind" }), {
    rows: [
      [1, 2],
      [3, 4],
    ],
    targets: [0, 1],
    classes: 2,
  });
  assert.deepEqual(read("7,1,2\n5,3,4\n", { label: "first" }), {
    rows: [
      [1, 2],
      [3, 4],
    ],
    targets: [1, 0],
    classes: 2,
  });
  assert.throws(
    () => read(text, { label: "kinds" }),
    (error) => error instanceof ConfigError && /Did you mean kind\?/.test(error.message),
  );
  assert.throws(() => read(text, { label: "kind", header: "no" }), ConfigError);
});

test("a header is recognised by its lack of numbers, and can be said to be there or not", () => {
  const data = {
    rows: [
      [1, 2],
      [3, 4],
    ],
    targets: [0, 1],
    classes: 2,
  };
  assert.deepEqual(read("1x1,1x2,label\n1,2,0\n3,4,1\n"), data);
  assert.deepEqual(read("1,2,0\n3,4,1\n"), data);
  assert.deepEqual(read("9,9,9\n1,2,0\n3,4,1\n", { header: "yes" }), data);
  assert.throws(
    () => read("a,b,c\n1,2,0\n3,4,1\n", { header: "no" }),
    /line 1, field 1: expected a finite number, got "a"/,
  );
  assert.throws(() => read("nan,2,0\n3,4,1\n"), /line 1, field 1: .*got "nan"/);
});

test("quotes, blanks, blank lines, Windows line ends, a byte-order mark and a missing last newline are no harm", () => {
  const plain = read("1,2,cat\n3,4,dog\n");
  assert.deepEqual(read('\ufeff"1", 2 ,"cat"\r\n\r\n3,"4", dog'), plain);
  assert.deepEqual(read('1,"a,b"\n2,"c\nd"\n3,"say ""a"""\n').targets, [0, 1, 2]);
});

test("labels that are numbers are numbered as numbers, others as text", () => {
  assert.deepEqual(read("0,10\n0,9\n0,2\n").targets, [2, 1, 0]);
  assert.deepEqual(read("0,b\n0,a\n0,10\n").targets, [2, 1, 0]);
});

test("scale divides the inputs and not the label", () => {
  assert.deepEqual(read("8,16,4\n0,4,2\n", { scale: 16 }), {
    rows: [
      [0.5, 1],
      [0, 0.25],
    ],
    targets: [1, 0],
    classes: 2,
  });
});

test("a bad row is refused, and the error names line and field", () => {
  const complains = (text: string, about: RegExp): void => {
    assert.throws(
      () => read(text),
      (error) => error instanceof DataError && about.test(error.message),
    );
  };
  complains("", /rows of numbers and a label, got "an empty file"/);
  complains("\n\n", /an empty file/);
  complains("1\n2\n", /line 1: expected a label and at least one number/);
  complains("1;2;3\n4;5;6\n", /separated by commas/);
  complains("a,b,c\n", /rows below the header/);
  complains("1,2,0\n1,2\n", /f, line 2: expected 3 fields, got 2/);
  complains("1,2,0\n1,2,3,4\n", /expected 3 fields, got 4/);
  complains("1,2,0\n1,,1\n", /line 2, field 2: expected a finite number, got ""\. Fill missing values/);
  complains("1,2,0\n1,2,\n", /line 2, field 3: expected a label/);
  complains('1,"x\ny",0\n1,2,1\n', /line 1, field 2/);
  complains("1,2,0\n\n1,inf,1\n", /line 3, field 2: .*got "inf"/);
  complains('1,2,"0\n1,2,1\n', /closing quote/);
  complains('1,"2"3,0\n1,2,1\n', /closing quote/);
  complains("1,2,0\n3,4,0\n", /at least two different labels/);
});

test("reading what was written gives the rows back, quoted or not", () => {
  const value = fc.float({ noNaN: true, noDefaultInfinity: true }).map((v) => v + 0);
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value), { minLength: 2, maxLength: 9 }), fc.boolean(), (rows, quoted) => {
      const quote = quoted ? '"' : "";
      const lines = rows.map(([a, b], i) => [a, b, i % 2].map((v) => `${quote}${v}${quote}`).join(","));
      assert.deepEqual(
        read(lines.join("\n")).rows,
        rows.map((row) => [...row]),
      );
    }),
  );
});

test("any text gives rows or a DataError", () => {
  const token = fc.constantFrom("1", ",", ",", "\n", '"', "x", ".", " ", "\r", "-", "1e5", '""');
  fc.assert(fc.property(fc.array(token, { maxLength: 40 }), (tokens) => dataErrorOnly(() => read(tokens.join("")))));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => dataErrorOnly(() => parseCsv(bytes, "f"))));
});
