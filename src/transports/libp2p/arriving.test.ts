import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Arriving } from "./arriving.ts";

test("a record is what came, in memory of its own, however large and however it was cut", () => {
  const sizes = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1_000_000, max: 5_000_000 }));
  fc.assert(
    fc.property(
      sizes,
      fc.array(fc.integer({ min: 1, max: 2_000_000 }), { minLength: 1, maxLength: 5 }),
      (size, cuts) => {
        const whole = Uint8Array.from({ length: size + 9 }, (_, i) => i % 251);
        const record = new Arriving(size);
        let taken = 0;
        for (let i = 0; record.whole === undefined; i++) {
          taken += record.take(whole.subarray(taken, taken + cuts[i % cuts.length]!));
        }
        assert.equal(taken, size);
        assert.equal(record.whole.buffer.byteLength, size);
        assert.equal(Buffer.compare(record.whole, whole.subarray(0, size)), 0);
      },
    ),
    { numRuns: 30 },
  );
});
