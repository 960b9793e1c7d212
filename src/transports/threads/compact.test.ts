import assert from "node:assert/strict";
import { test } from "node:test";
import { compact, memoryOf } from "./compact.ts";

const memory = new ArrayBuffer(1024);
new Uint8Array(memory).forEach((_, i, all) => {
  all[i] = i;
});

test("a view of a large buffer is copied alone, wherever it stands in the data", () => {
  const view = new Float32Array(memory, 16, 4);
  const data = { list: [view], map: new Map([["x", { view }]]), set: new Set([view]), same: view };
  const copied = compact(data) as typeof data; // same shape by construction
  assert.deepEqual(copied, data);
  for (const copy of [copied.list[0]!, copied.map.get("x")!.view, [...copied.set][0]!, copied.same]) {
    assert.equal(copy.buffer.byteLength, 16);
    assert.equal(copy, copied.same, "what was one object stays one");
  }
});

test("every kind of view keeps its kind and its entries", () => {
  const views = [
    new Uint8Array(memory, 8, 8),
    new Int16Array(memory, 8, 8),
    new BigUint64Array(memory, 8, 8),
    new DataView(memory, 8, 8),
  ];
  for (const view of views) {
    const copy = compact(view) as typeof view; // a view of the same kind
    assert.equal(copy.constructor, view.constructor);
    assert.deepEqual(copy, view);
    assert.equal(copy.byteLength, copy.buffer.byteLength);
  }
});

test("whole buffers, shared memory and plain values pass as they are", () => {
  const whole = new Float32Array(4);
  const shared = new Float32Array(new SharedArrayBuffer(64), 16, 4);
  for (const value of [whole, shared, 1, "x", null, undefined, true, memory]) assert.equal(compact(value), value);
});

test("data that contains itself is copied with its knot", () => {
  const knot: { self?: unknown; view: Uint8Array } = { view: new Uint8Array(memory, 0, 1) };
  knot.self = knot;
  const copy = compact(knot) as typeof knot; // same shape by construction
  assert.equal(copy.self, copy);
});

test("the memory of a copy is found once each, wherever it lies in it, and shared memory never", () => {
  const [a, b] = [Float32Array.of(1), Float32Array.of(2)];
  const shared = new Float32Array(new SharedArrayBuffer(4));
  const found = memoryOf({ a, more: [b, a, new Map([["s", shared]])], n: 1, none: null });
  assert.deepEqual([...found], [a.buffer, b.buffer]);
});
