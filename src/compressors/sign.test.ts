import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import type { Compressor } from "./compressor.ts";
import { measure } from "./law.contract.ts";
import { plainSign, scaledSign } from "./sign.ts";
import { someVector } from "./vectors.contract.ts";

compressorContract("sign");
compressorContract("sign:scale=none");

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
