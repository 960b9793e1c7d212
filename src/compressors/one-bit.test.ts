import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { layoutOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import { perTensor } from "./groups.ts";
import { measure } from "./law.contract.ts";
import { oneBit } from "./one-bit.ts";
import { scaledSign } from "./sign.ts";
import { vectors } from "./vectors.contract.ts";

compressorContract("one-bit");
compressorContract("one-bit:per=tensor");
compressorContract("one-bit:per=block,block=64");
compressorContract("one-bit:per=block,block=5");

const rng = Random.fromSeed(1);

test("(1, 3, −2) has means 2 and −2; the message is bits, mean, magnitude of the mean", () => {
  const codec = oneBit().open(3);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(Float32Array.of(1, 3, -2), sink, rng);
  assert.deepEqual([...sink.written], [0b011, 0, 0, 0, 0x40, 0, 0, 0, 0x40]);
  const out = new Float32Array(3);
  codec.decode(new ByteSource(sink.written), out, rng);
  assert.deepEqual(out, Float32Array.of(2, 2, -2));
});

test("sides far apart in size do not disturb each other", () => {
  const codec = oneBit().open(3);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(Float32Array.of(1e30, -1e-30, 3e30), sink, rng);
  const out = new Float32Array(3);
  codec.decode(new ByteSource(sink.written), out, rng);
  assert.deepEqual(out, Float32Array.of(2e30, -1e-30, 2e30));
});

test("each tensor has means of its own", () => {
  const layout = layoutOf([
    ["a", [2]],
    ["b", [2]],
  ]);
  const codec = oneBit(undefined, perTensor).open(4, layout);
  const sink = new ByteSink(codec.maxBytes);
  const x = Float32Array.of(1, -3, 10, -30);
  codec.encode(x, sink, rng);
  const out = new Float32Array(4);
  codec.decode(new ByteSource(sink.written), out, rng);
  assert.deepEqual(out, x);
});

test("its error is never above that of scaled sign", () => {
  fc.assert(
    fc.property(vectors(200), (x) => {
      const one = measure(oneBit().open(x.length), x, rng, 1);
      const sign = measure(scaledSign().open(x.length), x, rng, 1);
      assert.ok(one.error <= sign.error + 1e-6 * one.energy + x.length * 2 ** -298);
    }),
  );
});
