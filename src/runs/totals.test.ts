import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readTotals, writeTotals } from "./totals.ts";

const amount = fc.double({ min: 0, max: 1e300, noNaN: true });

test("totals cross a wire exactly", () => {
  const totals = fc.record(
    {
      bytesUp: amount,
      bytesDown: amount,
      encodeMs: amount,
      decodeMs: amount,
      gradientMs: amount,
    },
    { noNullPrototype: true },
  );
  fc.assert(fc.property(totals, (all) => assert.deepEqual(readTotals(writeTotals(all)), all)));
});

test("bytes that are no totals are refused", () => {
  const body = writeTotals({ bytesUp: 1, bytesDown: 2, encodeMs: 3, decodeMs: 4, gradientMs: 5 });
  assert.throws(() => readTotals(body.subarray(1)), { code: "corrupt" });
  for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    const changed = body.slice();
    new DataView(changed.buffer).setFloat64(8, value, true);
    assert.throws(() => readTotals(changed), { code: "corrupt" });
  }
});
