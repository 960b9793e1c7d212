import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CheckpointError } from "../base/errors.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const tensors = fc.uniqueArray(
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 12 }).filter((name) => !["__metadata__", "__proto__"].includes(name)),
    values: fc.array(fc.float(), { maxLength: 20 }).map((values) => Float32Array.from(values)),
  }),
  { selector: ({ name }) => name, maxLength: 5 },
);

test("what is written is read back, bit for bit, NaN and −0 included", () => {
  fc.assert(
    fc.property(tensors, (list) => {
      const named = list.map(({ name, values }) => ({ name, shape: [values.length], values }));
      const read = readSafetensors(writeSafetensors(named, { round: "12" }), "test");
      assert.deepEqual(
        new Map(read.tensors.map(({ name, shape, values }) => [name, [shape, values]])),
        new Map(named.map(({ name, shape, values }) => [name, [shape, values]])),
      );
      assert.deepEqual(read.metadata, { round: "12" });
    }),
  );
});

test("a file has the published layout", () => {
  const file = writeSafetensors([{ name: "w", shape: [1, 2], values: Float32Array.of(1, -2) }]);
  const json = '{"__metadata__":{},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}';
  const header = json.padEnd(Math.ceil(json.length / 8) * 8);
  assert.equal(new DataView(file.buffer).getBigUint64(0, true), BigInt(header.length));
  assert.equal(new TextDecoder().decode(file.subarray(8, 8 + header.length)), header);
  assert.deepEqual([...file.subarray(8 + header.length)], [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
});

test("any other bytes are refused with a typed error", () => {
  const good = writeSafetensors([{ name: "w", shape: [2], values: Float32Array.of(1, 2) }]);
  const refusedOrRead = (file: Uint8Array) => {
    try {
      readSafetensors(file, "test");
    } catch (error) {
      assert.ok(error instanceof CheckpointError, String(error));
    }
  };
  for (let end = 0; end < good.length; end++) {
    assert.throws(() => readSafetensors(good.subarray(0, end), "test"), CheckpointError);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), refusedOrRead));
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
      const changed = good.slice();
      changed[at] = byte;
      refusedOrRead(changed);
    }),
  );
  const huge = new Uint8Array(16);
  new DataView(huge.buffer).setBigUint64(0, 2n ** 63n, true);
  assert.throws(() => readSafetensors(huge, "test"), CheckpointError);
});
