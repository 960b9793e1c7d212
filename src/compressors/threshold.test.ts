import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import type { Compressor } from "./compressor.ts";
import { sampledThreshold, threshold } from "./threshold.ts";
import { families, someVector } from "./vectors.contract.ts";

compressorContract("threshold:tau=1");
compressorContract("threshold:tau=1e-40");
compressorContract("threshold:fraction=0.01");
compressorContract("threshold:fraction=0.5");

const rng = Random.fromSeed(1);

function decoded(compressor: Compressor, x: Float32Array): Float32Array {
  const codec = compressor.open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  const out = new Float32Array(x.length);
  codec.decode(new ByteSource(sink.written), out, rng);
  return out;
}

test("tau = 1 keeps −1 and 2 of (0.5, −1, 2)", () => {
  assert.deepEqual([...decoded(threshold(1), Float32Array.of(0.5, -1, 2))], [0, -1, 2]);
});

test("a tau between two f32 keeps from the upper one on", () => {
  const x = Float32Array.of(0.1, 0.1 - 2 ** -27, 0.1 + 2 ** -27); // fround(0.1) lies above 0.1
  assert.deepEqual([...decoded(threshold(0.1), x)], [x[0], 0, x[2]]);
  assert.deepEqual([...decoded(threshold(0.1 + 2 ** -40), x)], [x[0], 0, x[2]]);
  assert.deepEqual([...decoded(threshold(Math.fround(0.1) + 2 ** -40), x)], [0, 0, x[2]]);
});

test("what tau drops is at most min(‖x‖², d τ²)", () => {
  for (const family of families) {
    const x = someVector(family, 500, rng.split(family));
    const dropped = decoded(threshold(0.5), x).reduce((sum, value, i) => sum + (value - x[i]!) ** 2, 0);
    const energy = x.reduce((sum, value) => sum + value * value, 0);
    assert.ok(dropped <= Math.min(energy, 500 * 0.25), family);
  }
});

test("a sampled threshold keeps 0.7 to 1.3 times the share asked for, and all of it is above the rest", () => {
  for (const family of ["normal", "heavy-tailed", "huge", "tiny"] as const) {
    for (const fraction of [0.01, 0.1]) {
      const x = someVector(family, 60_000, rng.split(family));
      const sent = decoded(sampledThreshold(fraction), x);
      const kept = sent.filter((value) => value !== 0).map(Math.abs);
      const share = kept.length / x.length / fraction;
      assert.ok(share >= 0.7 && share <= 1.3, `${family}: ${share}`);
      const least = kept.reduce((a, b) => Math.min(a, b));
      assert.ok(x.every((value, i) => sent[i] !== 0 || Math.abs(value) < least));
    }
  }
});

test("where no threshold fits, ten corrections end the search and the largest entry is sent", () => {
  const constant = decoded(sampledThreshold(0.01), new Float32Array(5000).fill(3));
  assert.ok(constant.every((value) => value === 3));
  const x = new Float32Array(5000);
  x[4321] = -7;
  assert.deepEqual(decoded(sampledThreshold(0.01), x), x);
});

test("a tau of 0 or below, and one beyond all f32, are refused; one above the largest f32 keeps nothing", () => {
  for (const tau of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) assert.throws(() => threshold(tau), ConfigError);
  assert.deepEqual([...decoded(threshold(1e39), Float32Array.of(3.4e38))], [0]);
});
