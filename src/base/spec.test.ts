import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "./errors.ts";
import { asValue, checkArguments, lookUp, nearest, parseNumber, parseSpec, suggestion } from "./spec.ts";

const parts = (text: string): unknown[] => {
  const { name, values, options } = parseSpec(text, "--x");
  return [name, [...values], [...options]];
};

test("a spec is a name, plain arguments and named ones", () => {
  assert.deepEqual(parts("iid"), ["iid", [], []]);
  assert.deepEqual(parts("top-k:0.01"), ["top-k", ["0.01"], []]);
  assert.deepEqual(parts("qsgd:levels=7,bucket=512"), [
    "qsgd",
    [],
    [
      ["levels", "7"],
      ["bucket", "512"],
    ],
  ]);
  assert.deepEqual(parts(" csv : C:\\data.csv , scale = 255 "), ["csv", ["C:\\data.csv"], [["scale", "255"]]]);
});

test("a value in parentheses keeps its commas and equals signs; parentheses elsewhere are text", () => {
  assert.deepEqual(parts("induced:(qsgd:levels=7,bucket=512),rand-k:0.1"), [
    "induced",
    ["qsgd:levels=7,bucket=512", "rand-k:0.1"],
    [],
  ]);
  assert.deepEqual(parts("x:a=(b:c=d,e=(f,g)), (h)"), ["x", ["h"], [["a", "b:c=d,e=(f,g)"]]]);
  assert.deepEqual(parts("csv:/a (1).csv,scale=3"), ["csv", ["/a (1).csv"], [["scale", "3"]]]);
  assert.deepEqual(parts("csv:(1).csv"), ["csv", ["(1).csv"], []]);
  assert.deepEqual(parts("x:(a,b"), ["x", ["(a", "b"], []]);
  for (const spec of ["sign", "top-k:0.1", "qsgd:levels=7", "a+b", "a:(b,c),d"]) {
    assert.deepEqual(parts(`x:${asValue(spec)},k=${asValue(spec)}`), ["x", [spec], [["k", spec]]]);
  }
});

test("a spec without a name, with an empty argument or a repeated key is refused", () => {
  for (const text of ["", " ", ":", ":3", "a:", "a:,", "a:1,,2", "a:=3", "a:b=", "a:b=1,b=2"]) {
    assert.throws(
      () => parseSpec(text, "--x"),
      (error) => error instanceof ConfigError && error.where === "--x",
      text,
    );
  }
});

test("any text is a spec or a ConfigError, and parsing what was put together gives it back", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseSpec(text, "--x");
      } catch (error) {
        assert.ok(error instanceof ConfigError);
      }
    }),
  );
  const word = fc.stringMatching(/^[a-z0-9.-]{1,8}$/);
  fc.assert(
    fc.property(word, fc.array(word), fc.dictionary(word, word), (name, values, options) => {
      const pairs = Object.entries(options);
      const list = [...values, ...pairs.map(([key, value]) => `${key}=${value}`)];
      assert.deepEqual(parts(list.length === 0 ? name : `${name}:${list.join(",")}`), [name, values, pairs]);
    }),
  );
});

test("arguments that nobody reads are refused, with the nearest known name", () => {
  const spec = parseSpec("qsgd:3,level=7", "--x");
  assert.throws(() => checkArguments(spec, "--x", 0, ["levels"]), /at most 0 plain argument/);
  assert.throws(
    () => checkArguments(spec, "--x", 1, ["levels", "bucket"]),
    /one of levels, bucket for qsgd, got "level"\. Did you mean levels\?/,
  );
  assert.throws(() => checkArguments(spec, "--x", 1), /no named argument for qsgd/);
  checkArguments(spec, "--x", 1, ["level"]);
});

test("numbers are read within their bounds, and the error tells the bounds", () => {
  assert.equal(parseNumber("-1.5e2", "--x"), -150);
  assert.equal(parseNumber(" .5 ", "--x", { above: 0, below: 1 }), 0.5);
  assert.equal(parseNumber("3", "--x", { min: 3, max: 3, integer: true }), 3);
  for (const text of ["", "x", "0x10", "1_000", "Infinity", "NaN", "1e999", "1 2", "--1"]) {
    assert.throws(() => parseNumber(text, "--x"), ConfigError, text);
  }
  assert.throws(
    () => parseNumber("0", "--x", { above: 0, max: 1 }),
    /--x: expected a number above 0 and at most 1, got "0"/,
  );
  assert.throws(() => parseNumber("1", "--x", { below: 1 }), /a number below 1/);
  assert.throws(() => parseNumber("1.5", "--x", { integer: true }), /a whole number, got "1.5"/);
  assert.throws(() => parseNumber("9007199254740993", "--x", { integer: true }), /a whole number/);
});

test("looking up a name gives the part, or an error with all names and the nearest", () => {
  const table = new Map([
    ["top-k", 1],
    ["rand-k", 2],
    ["sign", 3],
  ]);
  assert.equal(lookUp(table, "sign", "--x", "a compressor"), 3);
  assert.throws(
    () => lookUp(table, "topk", "--x", "a compressor"),
    /--x: expected a compressor: top-k, rand-k, sign, got "topk"\. Did you mean top-k\?/,
  );
  assert.throws(
    () => lookUp(table, "zzzzzzzzz", "--x", "a compressor"),
    (error) => error instanceof ConfigError && error.hint === undefined,
  );
});

test("the nearest name is within a few edits, whatever its case; a stranger has none", () => {
  assert.equal(nearest("DIRICLET", ["iid", "dirichlet"]), "dirichlet");
  assert.equal(nearest("ef12", ["ef21", "sgd"]), "ef21");
  assert.equal(nearest("a-wholly-other-thing", ["iid", "sgd"]), undefined);
  assert.equal(nearest("x", []), undefined);
  assert.deepEqual(suggestion("iit", ["iid"]), { hint: "Did you mean iid?" });
  assert.deepEqual(suggestion("iit", []), {});
  assert.equal(nearest("x".repeat(1_000_000), ["iid"]), undefined); // in bounded time
});
