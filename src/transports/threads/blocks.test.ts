import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockPool, handBack, isShared, ownFrame, transferOf } from "./blocks.ts";

const LARGE = 100_000;

test("a block is used again only when every reader has handed it back", () => {
  const pool = new BlockPool();
  const first = pool.take(LARGE, 2)!;
  handBack(first);
  assert.notEqual(pool.take(LARGE, 1)!.buffer, first.buffer);
  handBack(first);
  assert.equal(pool.take(LARGE - 1000, 1)!.buffer, first.buffer, "frames of about the same size share blocks");
});

test("readers that hand back an inner view of the frame free its block", () => {
  const pool = new BlockPool();
  const frame = pool.take(LARGE, 1)!;
  handBack(frame.subarray(24, 100));
  assert.equal(pool.take(LARGE, 1)!.buffer, frame.buffer);
});

test("a steady run allocates no more blocks", () => {
  const pool = new BlockPool();
  const seen = new Set<ArrayBufferLike>();
  for (let round = 0; round < 1000; round++) {
    const frames = [pool.take(LARGE, 3)!, pool.take(LARGE, 3)!];
    for (const frame of frames) {
      seen.add(frame.buffer);
      for (let reader = 0; reader < 3; reader++) handBack(frame);
    }
  }
  assert.equal(seen.size, 2);
});

test("a pool whose blocks never come back stops at a bound, and starts afresh when it forgets them", () => {
  const pool = new BlockPool();
  let taken = 0;
  while (taken < 10_000 && pool.take(LARGE, 1) !== undefined) taken += 1;
  assert.ok(taken >= 100 && taken < 1000, `${taken} blocks`);
  pool.forget();
  assert.ok(pool.take(LARGE, 1));
});

test("even the largest vector gets a block", () => {
  assert.ok(new BlockPool().take(100 * 2 ** 20, 1));
});

test("bodies lie aligned for vectors, in blocks and in frames of their own", () => {
  assert.equal((new BlockPool().take(LARGE, 1)!.byteOffset + 24) % 32, 0);
  assert.equal((ownFrame(10).byteOffset + 24) % 8, 0);
});

test("small frames are transferred, blocks are not", () => {
  assert.equal(new BlockPool().take(100, 1), undefined);
  const own = ownFrame(100);
  assert.deepEqual([isShared(own), transferOf(own)], [false, [own.buffer]]);
  const shared = new BlockPool().take(LARGE, 1)!;
  assert.deepEqual([isShared(shared), transferOf(shared)], [true, []]);
});
