import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError } from "../base/errors.ts";
import { ByteSource } from "./bytes.ts";
import { packTrits, tritBytes, unpackTrits } from "./trits.ts";

function packed(trits: Int16Array): Uint8Array {
  const bytes = new Uint8Array(tritBytes(trits.length)).fill(0xff);
  packTrits(trits, bytes);
  return bytes;
}

function unpacked(bytes: Uint8Array, count: number): Int16Array {
  const trits = new Int16Array(count).fill(9);
  const source = new ByteSource(bytes);
  unpackTrits(source, trits);
  source.end();
  return trits;
}

test("(1, 0, −1, 1, 1, −1, 0) is 221, 120", () => {
  assert.deepEqual([...packed(Int16Array.of(1, 0, -1, 1, 1, -1, 0))], [221, 120]);
});

test("trits come back, five to a byte", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(-1, 0, 1), { maxLength: 60 }), (list) => {
      const trits = Int16Array.from(list);
      assert.deepEqual(unpacked(packed(trits), trits.length), trits);
    }),
  );
});

test("every byte up to 242 is five trits of its own, and no other byte is any", () => {
  const seen = new Set<string>();
  for (let byte = 0; byte <= 242; byte++) {
    const trits = unpacked(Uint8Array.of(byte), 5);
    assert.deepEqual([...packed(trits)], [byte]);
    seen.add(String(trits));
  }
  assert.equal(seen.size, 243);
  for (let byte = 243; byte <= 255; byte++) assert.throws(() => unpacked(Uint8Array.of(byte), 5), CorruptError);
});

test("missing bytes and unused trits that are not 0 are corrupt", () => {
  assert.throws(() => unpacked(Uint8Array.of(121), 6), CorruptError);
  assert.throws(() => unpacked(Uint8Array.of(121, 0), 6), CorruptError);
});
