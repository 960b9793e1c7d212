import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, CorruptError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import type { Compressor } from "./compressor.ts";
import { biasedExponentialRounding, exponentialRounding } from "./exponential-rounding.ts";
import { measure } from "./law.contract.ts";
import { Levels } from "./levels.ts";
import { natural } from "./natural.ts";
import { someVector } from "./vectors.contract.ts";

compressorContract("exponential-rounding:base=2", { draws: 64, floor: 2 ** -126 });
compressorContract("exponential-rounding:base=1.5", { draws: 64, floor: 2 ** -125 });
compressorContract("biased-exponential-rounding:base=2", { floor: 2 ** -126 });
compressorContract("biased-exponential-rounding:base=4", { floor: 2 ** -124 });

const rng = Random.fromSeed(1);

function message(compressor: Compressor, x: Float32Array): Uint8Array {
  const codec = compressor.open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  return sink.written;
}

function through(compressor: Compressor, x: Float32Array): number[] {
  const out = new Float32Array(x.length);
  compressor.open(x.length).decode(new ByteSource(message(compressor, x)), out, rng);
  return [...out];
}

test("with base 2 the nearer power is taken, in the middle the lower", () => {
  const x = Float32Array.of(1.5, 1.51, 2.9, 3.1, -1.5, -6.5);
  assert.deepEqual(through(biasedExponentialRounding(2), x), [1, 2, 2, 4, -1, -8]);
});

test("the middle of two powers is the worst case, δ = 4b/(1 + b)²: 8/9 for base 2", () => {
  for (const base of [2, 4, 1.5]) {
    const x = Float32Array.of((1 + base) / 2);
    const { error, energy } = measure(biasedExponentialRounding(base).open(1), x, rng, 1);
    assert.ok(Math.abs(1 - error / energy - (4 * base) / (1 + base) ** 2) < 1e-6);
  }
});

test("unbiased rounding reaches ω = (b + 1/b + 2)/4 − 1 at 2b/(1 + b): 1/8, 0.5625 and 1/24 for base 2, 4 and 1.5", () => {
  for (const [base, omega] of [
    [2, 1 / 8],
    [4, 0.5625],
    [1.5, 1 / 24],
  ] as const) {
    const compressor = exponentialRounding(base);
    assert.ok(compressor.law.kind === "unbiased" && Math.abs(compressor.law.omega(1) - omega) < 1e-12);
    const x = new Float32Array(40_000).fill((2 * base) / (1 + base));
    const { error, energy } = measure(compressor.open(x.length), x, rng, 4);
    assert.ok(Math.abs(error / energy / omega - 1) < 0.02);
  }
});

test("base 2 gives the messages of natural compression", () => {
  const x = someVector("heavy-tailed", 1000, rng);
  assert.deepEqual(message(exponentialRounding(2), x), message(natural(), x));
});

test("the levels of base 2 are the exponent fields of f32", () => {
  const { values } = new Levels(2);
  assert.equal(values.length, 256);
  assert.deepEqual([values[0], values[1], values[127], values[254]], [0, 2 ** -126, 1, 2 ** 127]);
  assert.equal(values[255], 2 ** 128 - 2 ** 104);
});

test("each magnitude lies between its level and the next", () => {
  for (const base of [1.01, 1.5, 3, 100, 65536]) {
    const levels = new Levels(base);
    for (const [i, value] of levels.values.entries()) assert.equal(levels.below(value), i);
    for (const x of someVector("heavy-tailed", 500, rng)) {
      const number = levels.below(Math.abs(x));
      assert.ok(levels.values[number]! <= Math.abs(x) && Math.abs(x) < levels.values[number + 1]!);
    }
  }
});

test("a level that does not exist is refused", () => {
  const codec = biasedExponentialRounding(4).open(1); // 129 levels in 8 bits
  assert.throws(() => codec.decode(new ByteSource(Uint8Array.of(129, 0)), new Float32Array(1), rng), CorruptError);
});

test("a base that is not from 1.01 to 65536 is refused", () => {
  for (const base of [1, 0.5, 1.009, 65537, Number.NaN]) {
    assert.throws(() => exponentialRounding(base), ConfigError);
    assert.throws(() => biasedExponentialRounding(base), ConfigError);
  }
});
