import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError, ShapeError } from "./errors.ts";
import { checkLength, flatLayout, layoutOf, tensorOf } from "./layout.ts";

test("tensors lie one behind the other, without gaps, and fill the vector", () => {
  const shape = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(shape, { maxLength: 6 }), (shapes) => {
      const layout = layoutOf(shapes.map((dims, i) => [`t${i}`, dims] as const));
      let end = 0;
      for (const [i, slot] of layout.tensors.entries()) {
        assert.deepEqual([slot.name, slot.shape, slot.offset], [`t${i}`, shapes[i], end]);
        end += shapes[i]!.reduce((product, n) => product * n, 1);
        assert.equal(slot.offset + slot.length, end);
      }
      assert.equal(layout.length, end);
    }),
  );
});

test("a tensor is a view of the vector and not a copy", () => {
  const layout = layoutOf([
    ["weights", [2, 2]],
    ["bias", [2]],
  ]);
  const vector = new Float32Array(layout.length);
  tensorOf(vector, layout.tensors[1]!).fill(7);
  assert.deepEqual([...vector], [0, 0, 0, 0, 7, 7]);
});

test("repeated names and impossible dimensions are refused", () => {
  assert.throws(
    () =>
      layoutOf([
        ["a", [1]],
        ["a", [2]],
      ]),
    ConfigError,
  );
  for (const n of [0, -1, 1.5, Number.NaN])
    assert.throws(() => layoutOf([["a", [2, n]]]), /layout: a: expected dimensions/);
});

test("a flat layout is one tensor, and a vector of another length is refused", () => {
  assert.deepEqual(flatLayout(9).tensors, [{ name: "vector", shape: [9], offset: 0, length: 9 }]);
  checkLength(new Float32Array(9), 9, "here");
  assert.throws(
    () => checkLength(new Float32Array(8), 9, "here"),
    (error) => error instanceof ShapeError && /^here: expected a vector of d = 9, got "d = 8"\./.test(error.message),
  );
});
