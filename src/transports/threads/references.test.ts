import assert from "node:assert/strict";
import { test } from "node:test";
import { Acquaintances, Introductions } from "./references.ts";

test("a block's memory crosses once, and its frames are found again in the same object", () => {
  const here = new Introductions();
  const there = new Acquaintances();
  const blocks = [new SharedArrayBuffer(64), new SharedArrayBuffer(64)];
  const arrived = [0, 1, 0, 1, 0].map((which, round) => {
    const frame = new Uint8Array(blocks[which]!, 8, 16).fill(round);
    const reference = structuredClone(here.refer(frame));
    assert.equal("memory" in reference, round < 2, `round ${round}`);
    const found = there.resolve(reference);
    assert.deepEqual([...found], Array(16).fill(round));
    assert.equal(found.byteOffset, 8);
    return found.buffer;
  });
  assert.equal(new Set(arrived).size, 2);
  assert.equal(arrived[0], arrived[4]);
});

test("a frame of its own crosses as it is", () => {
  const frame = Uint8Array.of(1, 2, 3);
  assert.equal(new Introductions().refer(frame), frame);
  assert.equal(new Acquaintances().resolve(frame), frame);
});
