import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BlockPool, handBack } from "../threads/blocks.ts";
import { Arriving } from "./arriving.ts";

test("a record is what came, however large and however it was cut, in memory that is used again once it is handed back", () => {
  const blocks = new BlockPool();
  const sizes = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1_000_000, max: 5_000_000 }));
  fc.assert(
    fc.property(
      sizes,
      fc.array(fc.integer({ min: 1, max: 2_000_000 }), { minLength: 1, maxLength: 5 }),
      (size, cuts) => {
        const whole = Uint8Array.from({ length: size + 9 }, (_, i) => i % 251);
        const record = new Arriving(size, blocks);
        let taken = 0;
        for (let i = 0; record.whole === undefined; i++) {
          taken += record.take(whole.subarray(taken, taken + cuts[i % cuts.length]!));
        }
        assert.equal(taken, size);
        assert.equal(record.whole.length, size);
        assert.equal(Buffer.compare(record.whole, whole.subarray(0, size)), 0);
        handBack(record.whole);
      },
    ),
    { numRuns: 30 },
  );
});

test("the blocks of records that never came whole are used again", () => {
  const blocks = new BlockPool();
  const memory = new Set<ArrayBufferLike>();
  for (let i = 0; i < 50; i++) {
    const record = new Arriving(3_000_000, blocks);
    record.take(new Uint8Array(2_000_000));
    record.drop();
    const whole = new Arriving(500_000, blocks);
    whole.take(new Uint8Array(500_000));
    memory.add(whole.whole!.buffer);
    handBack(whole.whole!);
  }
  assert.equal(memory.size, 1);
  assert.ok(blocks.take(2_000_000, 1) !== undefined, "there is room left");
});

test("what was announced but has not come takes little", () => {
  const blocks = new BlockPool();
  const announced = Array.from({ length: 20 }, () => new Arriving(2 ** 30, blocks));
  assert.ok(blocks.take(100_000, 1) !== undefined, "twenty times a gigabyte would leave no room");
  for (const one of announced) one.drop();
});
