import assert from "node:assert/strict";
import { test } from "node:test";
import { Slab } from "./slab.ts";

const body = (length: number, value: number) => new Uint8Array(length).fill(value);

test("a body is a copy of its parts, one behind the other, and begins where eight bytes do", () => {
  for (const length of [1, 7, 2048, 2049, 70_000]) {
    const slab = new Slab();
    const given = [body(length, 1), new Uint8Array(0), body(3, 2)];
    for (const copy of [slab.copy(given, 1), slab.copy(given, 1)]) {
      assert.deepEqual(copy, Uint8Array.from([...given[0]!, 2, 2, 2]));
      assert.equal(copy.byteOffset % 8, 0);
    }
  }
});

test("a long body serves again for one of its length once all its readers have released it, not before", () => {
  const slab = new Slab();
  const first = slab.copy(body(5000, 1), 2);
  slab.release(first);
  const second = slab.copy(body(5000, 2), 1);
  assert.notEqual(second.buffer, first.buffer);
  assert.deepEqual(first, body(5000, 1));
  slab.release(first);
  assert.notEqual(slab.copy(body(5001, 3), 1).buffer, first.buffer);
  const third = slab.copy(body(5000, 3), 1);
  assert.equal(third.buffer, first.buffer);
  assert.deepEqual([second, third], [body(5000, 2), body(5000, 3)]);
});

test("bodies of a length that comes again and again share nothing", () => {
  for (const length of [2049, 300_000, 2 ** 21]) {
    const slab = new Slab();
    const bodies = Array.from({ length: 9 }, (_, i) => slab.copy(body(length, i), 1));
    for (const [i, copy] of bodies.entries()) assert.ok(copy.length === length && copy.every((value) => value === i));
    for (const copy of bodies) slab.release(copy);
    const again = Array.from({ length: 9 }, (_, i) => slab.copy(body(length, 10 + i), 1));
    for (const [i, copy] of again.entries()) assert.ok(copy.every((value) => value === 10 + i));
  }
});

test("small bodies, and what came from elsewhere, may be released too", () => {
  const slab = new Slab();
  const small = slab.copy(body(2048, 1), 1);
  const stranger = body(5000, 9);
  for (const one of [small, stranger]) slab.release(one);
  assert.notEqual(slab.copy(body(2048, 2), 1).byteOffset, small.byteOffset);
  assert.notEqual(slab.copy(body(5000, 2), 1).buffer, stranger.buffer);
  assert.deepEqual([small, stranger], [body(2048, 1), body(5000, 9)]);
});
