import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { copyBytes } from "./copy-bytes.ts";

test("every byte is copied and none beside them, into and out of shared memory, however the ends are aligned", () => {
  const memory = fc.boolean().map((shared) => (shared ? new SharedArrayBuffer(300) : new ArrayBuffer(300)));
  const offset = fc.nat(40);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), memory, offset, memory, offset, (values, a, i, b, j) => {
      const from = new Uint8Array(a, i, values.length);
      from.set(values);
      const around = new Uint8Array(b).fill(99);
      copyBytes(from, around.subarray(j, j + values.length));
      const expected = new Uint8Array(300).fill(99);
      expected.set(values, j);
      assert.deepEqual(new Uint8Array(around), expected);
    }),
  );
});
