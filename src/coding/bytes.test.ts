import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError } from "../base/errors.ts";
import { ByteSink, ByteSource } from "./bytes.ts";

test("a source reads back what a sink wrote", () => {
  const u32 = fc.nat(2 ** 32 - 1);
  const f32 = fc.float({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(
      u32,
      f32,
      fc.uint8Array({ maxLength: 9 }),
      fc.float32Array({ maxLength: 5 }),
      (word, real, raw, many) => {
        const sink = new ByteSink(100);
        sink
          .varint(word)
          .u8(word % 256)
          .f32(real)
          .u16(word % 65536)
          .bytes(raw)
          .u32(word)
          .f32s(many);
        const source = new ByteSource(sink.written);
        assert.equal(source.varint(), word);
        assert.equal(source.u8(), word % 256);
        assert.equal(source.finite(), real);
        assert.equal(source.u16(), word % 65536);
        assert.deepEqual(Uint8Array.from(source.bytes(raw.length)), raw);
        assert.equal(source.u32(), word);
        assert.deepEqual(Float32Array.from(source.f32s(many.length)), many);
        source.end();
      },
    ),
  );
});

test("300 is ac 02", () => {
  assert.deepEqual([...new ByteSink(5).varint(300).written], [0xac, 2]);
});

test("varints that are long, not minimal, above 2^32 or cut short are corrupt", () => {
  const read = (...bytes: number[]) => new ByteSource(Uint8Array.of(...bytes)).varint();
  assert.equal(read(0xff, 0xff, 0xff, 0xff, 0x0f), 2 ** 32 - 1);
  for (const bytes of [[0x80], [0x80, 0], [0xff, 0xff, 0xff, 0xff, 0x10], [0x80, 0x80, 0x80, 0x80, 0x80, 1]]) {
    assert.throws(() => read(...bytes), CorruptError);
  }
});

test("NaN, infinity, missing and left-over bytes are corrupt", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => new ByteSource(new ByteSink(4).f32(value).written).finite(), CorruptError);
  }
  const source = new ByteSource(Uint8Array.of(1, 2, 3));
  assert.throws(() => source.u32(), CorruptError);
  assert.throws(() => source.bytes(4), CorruptError);
  assert.throws(() => source.end(), /3 more bytes/);
});

test("a sink writes into the buffer it was given, rewinds, and refuses to grow", () => {
  const buffer = new Uint8Array(16).subarray(8, 12);
  const sink = new ByteSink(buffer);
  sink.u32(0x04030201);
  assert.deepEqual([...buffer], [1, 2, 3, 4]);
  assert.equal(sink.rewind(1).u8(9).length, 2);
  assert.deepEqual([...sink.written], [1, 9]);
  assert.throws(() => sink.u32(0), /capacity/);
  assert.throws(() => sink.rewind(3), /rewinds/);
});
