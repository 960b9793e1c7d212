import assert from "node:assert/strict";
import { test } from "node:test";
import { CorruptError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import { emptyMemory, encodeWithFeedback } from "./feedback.ts";
import { float16 } from "./float16.ts";

compressorContract("float16");

const rng = Random.fromSeed(1);

function words(x: Float32Array): number[] {
  const codec = float16().open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  return [...new Uint16Array(sink.written.slice().buffer)];
}

function values(halves: Uint16Array): number[] {
  const out = new Float32Array(halves.length);
  float16()
    .open(halves.length)
    .decode(new ByteSource(new Uint8Array(halves.buffer)), out, rng);
  return [...out];
}

test("entries round to the nearest half, in the middle to the even one, and saturate", () => {
  const x = Float32Array.of(0.1, 2049, 2051, 65519.9, 1e9, -1e9, 2.9802322e-8, 2.9802326e-8);
  const halves = [0x2e66, 0x6800, 0x6802, 0x7bff, 0x7bff, 0xfbff, 0, 1];
  assert.deepEqual(words(x), halves);
  assert.deepEqual(values(Uint16Array.from(halves)), [0.0999755859375, 2048, 2052, 65504, 65504, -65504, 0, 2 ** -24]);
});

test("entries that are cut off are counted, with their memory and over all messages", () => {
  const codec = float16().open(5);
  assert.equal(codec.saturated, 0);
  const x = Float32Array.of(65504, 65519, 65520, -3e38, 1);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  assert.equal(codec.saturated, 2);
  codec.encode(Float32Array.of(65519, -65519, 0, 0, 0), sink.reset(), rng);
  assert.equal(codec.saturated, 2);
  const settled = { values: Float32Array.of(15, 1, -30, 0, 0), scale: 0 };
  encodeWithFeedback(codec, x, { settled, tentative: emptyMemory(5) }, sink.reset(), rng);
  assert.equal(codec.saturated, 4); // 65504 + 15 and 65520 − 30 stay below, 65519 + 1 does not
});

test("the relative error stays below 2⁻¹¹ from 2⁻¹⁴ to 65504, the error below 2⁻²⁵ under it", () => {
  const x = Float32Array.from({ length: 20_000 }, (_, i) => (rng.uniform(2 * i) - 0.5) * 2 ** (rng.below(i, 44) - 27));
  const got = values(Uint16Array.from(words(x)));
  for (const [i, value] of x.entries()) {
    assert.ok(Math.abs(got[i]! - value) <= Math.max(2 ** -11 * Math.abs(value), 2 ** -25));
  }
});

test("a half that is infinite or NaN is refused", () => {
  for (const half of [0x7c00, 0xfc00, 0x7e00]) assert.throws(() => values(Uint16Array.of(0, half)), CorruptError);
});
