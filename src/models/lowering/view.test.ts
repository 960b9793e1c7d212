import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sizeOf } from "./axis.ts";
import { aligned, broadcastTo, permute, reshaped, shapeOf, type View, viewOf } from "./view.ts";

/** Reads a view entry by entry, as an oracle: memory holds 0, 1, 2, … */
function entries(view: View): number[] {
  const axes = view.dims.flat();
  const strides = axes.map((a) => (a.broadcast ? 0 : sizeOf(view.memory.slice(view.memory.indexOf(a) + 1))));
  let places = [0];
  for (const [i, a] of axes.entries()) {
    places = places.flatMap((place) => Array.from({ length: a.size }, (_, n) => place + n * (strides[i] ?? 0)));
  }
  return places;
}

const shapes = fc.array(fc.constantFrom(...[1, 2, 3, 4, 6]), { maxLength: 4 });
const orderOf = (rank: number) => fc.shuffledSubarray([...Array(rank).keys()], { minLength: rank, maxLength: rank });

test("reshaping reads the same entries in the same order, or says that it cannot", () => {
  const cases = shapes.chain((shape) => fc.tuple(fc.constant(shape), orderOf(shape.length), shapes));
  fc.assert(
    fc.property(cases, ([shape, order, wanted]) => {
      fc.pre(wanted.reduce((a, b) => a * b, 1) === shape.reduce((a, b) => a * b, 1));
      const view = permute(viewOf("x", shape, "float32"), order);
      const result = reshaped(view, wanted);
      if (result === undefined) return;
      assert.deepEqual(shapeOf(result), wanted);
      assert.deepEqual(entries(result), entries(view));
    }),
  );
});

test("axes are cut and joined where sizes divide, and nowhere else", () => {
  const view = viewOf("x", [4, 6], "float32");
  assert.deepEqual(shapeOf(reshaped(view, [2, 12]) ?? assert.fail()), [2, 12]);
  assert.deepEqual(shapeOf(reshaped(view, [2, 2, 3, 2]) ?? assert.fail()), [2, 2, 3, 2]);
  assert.equal(reshaped(view, [3, 8]), undefined);
});

test("broadcasting repeats entries and keeps memory as it is", () => {
  const view = broadcastTo(viewOf("x", [2], "float32"), [2, 3], [1]);
  assert.deepEqual(entries(view), [0, 0, 0, 1, 1, 1]);
  assert.equal(sizeOf(view.memory), 2);
  assert.deepEqual(entries(broadcastTo(viewOf("x", [2], "float32"), [2, 2], [-2])), [0, 1, 0, 1]);
});

test("aligned views have equal axis sizes and read the entries they read before", () => {
  const cut = reshaped(permute(viewOf("x", [2, 6], "float32"), [1, 0]), [12]) ?? assert.fail();
  const whole = viewOf("y", [12], "float32");
  const [left, right] = aligned([cut, whole]) ?? [];
  assert.ok(left !== undefined && right !== undefined);
  const sizes = (view: View) => view.dims.map((dim) => dim.map((a) => a.size));
  assert.deepEqual([sizes(left), sizes(right)], [[[6, 2]], [[6, 2]]]);
  assert.deepEqual([entries(left), entries(right)], [entries(cut), entries(whole)]);
});

test("cuts that do not nest cannot be aligned", () => {
  const cut = (a: number, b: number) => reshaped(viewOf("x", [a, b], "float32"), [6]) ?? assert.fail();
  assert.equal(aligned([cut(2, 3), cut(3, 2)]), undefined);
});
