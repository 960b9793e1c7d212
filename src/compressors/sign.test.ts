import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ShapeError } from "../base/errors.ts";
import { layoutOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import type { Compressor } from "./compressor.ts";
import { perBlock, perTensor } from "./groups.ts";
import { measure } from "./law.contract.ts";
import { plainSign, scaledSign } from "./sign.ts";
import { someVector, vectors } from "./vectors.contract.ts";

compressorContract("sign");
compressorContract("sign:scale=none");
compressorContract("sign:per=tensor");
compressorContract("sign:per=block,block=64");
compressorContract("sign:per=block,block=5");

const rng = Random.fromSeed(1);

function through(compressor: Compressor, x: Float32Array): { message: number[]; out: number[] } {
  const codec = compressor.open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  const out = new Float32Array(x.length);
  codec.decode(new ByteSource(sink.written), out, rng);
  return { message: [...sink.written], out: [...out] };
}

test("scaled sign of (1, −2, 3, −4) is 2.5 (+, −, +, −), with an error of 5 out of 30", () => {
  const x = Float32Array.of(1, -2, 3, -4);
  assert.deepEqual(through(scaledSign(), x), { message: [0b0101, 0, 0, 0x20, 0x40], out: [2.5, -2.5, 2.5, -2.5] });
  assert.equal(measure(scaledSign().open(4), x, rng, 1).error, 5);
});

test("scaled sign of (1, 0, 0, 0) takes δ = 1/4, its worst", () => {
  const { error, energy } = measure(scaledSign().open(4), Float32Array.of(1, 0, 0, 0), rng, 1);
  assert.equal(error / energy, 1 - 1 / 4);
});

test("scaled sign of a Gaussian vector takes δ = 2/π", () => {
  const x = someVector("normal", 50_000, rng);
  const { error, energy } = measure(scaledSign().open(x.length), x, rng, 1);
  assert.ok(Math.abs(1 - error / energy - 2 / Math.PI) < 0.01);
});

test("a scale of 0 decodes to +0, whatever the bits say", () => {
  const out = new Float32Array(3).fill(1);
  scaledSign()
    .open(3)
    .decode(new ByteSource(Uint8Array.of(0b101, 0, 0, 0, 0)), out, rng);
  assert.deepEqual(out, Float32Array.of(0, 0, 0)); // deepEqual tells −0 from +0
});

test("plain sign of (1.5, −0.1, 0) is bits 1, 0, 1", () => {
  assert.deepEqual(through(plainSign(), Float32Array.of(1.5, -0.1, 0)), { message: [0b101], out: [1, -1, 1] });
});

test("groups (1, −3) and (10, −10) have scales 2 and 10, be they tensors or blocks", () => {
  const layout = layoutOf([
    ["a", [2]],
    ["b", [1, 2]],
  ]);
  for (const grouping of [perTensor, perBlock(2)]) {
    const codec = scaledSign(undefined, grouping).open(4, layout);
    const sink = new ByteSink(codec.maxBytes);
    codec.encode(Float32Array.of(1, -3, 10, -10), sink, rng);
    assert.deepEqual([...sink.written], [0b01, 0b01, 0, 0, 0, 0x40, 0, 0, 0x20, 0x41]);
    const out = new Float32Array(4);
    codec.decode(new ByteSource(sink.written), out, rng);
    assert.deepEqual(out, Float32Array.of(2, -2, 10, -10));
  }
});

test("a layout of another length is refused", () => {
  assert.throws(() => scaledSign(undefined, perTensor).open(3, layoutOf([["a", [2]]])), ShapeError);
});

test("without a layout the vector is one tensor, and blocks longer than the vector are the vector", () => {
  const x = someVector("normal", 100, rng);
  const whole = through(scaledSign(), x);
  assert.deepEqual(through(scaledSign(undefined, perTensor), x), whole);
  assert.deepEqual(through(scaledSign(undefined, perBlock(4096)), x), whole);
});

test("the error of groups is what their norms say, and never above that of one scale", () => {
  fc.assert(
    fc.property(vectors(200), fc.integer({ min: 1, max: 70 }), (x, block) => {
      const groups = measure(scaledSign(undefined, perBlock(block)).open(x.length), x, rng, 1);
      const one = measure(scaledSign().open(x.length), x, rng, 1);
      let expected = 0;
      for (let i = 0; i < x.length; i += block) {
        const group = [...x.subarray(i, i + block)];
        const [l1, l2] = [group.reduce((s, v) => s + Math.abs(v), 0), group.reduce((s, v) => s + v * v, 0)];
        expected += l2 - l1 ** 2 / group.length;
      }
      const rounding = 1e-6 * one.energy + x.length * 2 ** -298;
      assert.ok(Math.abs(groups.error - expected) <= rounding);
      assert.ok(groups.error <= one.error + rounding);
    }),
  );
});
