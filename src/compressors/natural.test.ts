import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import { measure } from "./law.contract.ts";
import { natural } from "./natural.ts";

/** Below 2⁻¹²⁶ an entry becomes 0 or 2⁻¹²⁶. */
compressorContract("natural", { draws: 64, floor: 2 ** -126 });

const LENGTH = 40_000;
const rng = Random.fromSeed(1);

function encoded(x: Float32Array): Uint8Array {
  const codec = natural().open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  return sink.written;
}

function decoded(message: Uint8Array, length: number): Float32Array {
  const out = new Float32Array(length);
  natural().open(length).decode(new ByteSource(message), out, rng);
  return out;
}

test("2.5 becomes 2 with probability 3/4, else 4", () => {
  const got = decoded(encoded(new Float32Array(LENGTH).fill(2.5)), LENGTH);
  const fours = got.filter((value) => value === 4).length;
  assert.ok(got.every((value) => value === 2 || value === 4));
  assert.ok(Math.abs(fours / LENGTH - 0.25) < 0.01);
});

test("powers of two, zero and the largest magnitudes stay or go to their neighbours", () => {
  const x = Float32Array.of(1, -1, 2 ** -126, -(2 ** 127), 0.5, 0, -0);
  assert.deepEqual(decoded(encoded(x), 7), Float32Array.of(1, -1, 2 ** -126, -(2 ** 127), 0.5, 0, 0));
  const top = decoded(encoded(new Float32Array(100).fill(3e38)), 100);
  assert.ok(top.every((value) => value === 2 ** 127 || value === 2 ** 128 - 2 ** 104));
});

test("the relative variance of c·2^a is (3c − 2)/c² − 1, at most 1/8 for c = 4/3", () => {
  for (const [c, variance] of [
    [1, 0],
    [1.2, 1 / 9],
    [1.25, 0.12],
    [4 / 3, 1 / 8],
    [1.5, 1 / 9],
  ] as const) {
    const x = new Float32Array(LENGTH).fill(c * 2 ** -20);
    const { error, energy } = measure(natural().open(LENGTH), x, rng, 4);
    assert.ok(Math.abs(error / energy - variance) < 0.003, `c = ${c}`);
  }
});

test("a message is the exponents, one byte each, then the signs, one bit each", () => {
  const x = Float32Array.of(1, -2, 0, 4, -0.5, 0, 0, 0, -8);
  assert.deepEqual([...encoded(x)], [127, 128, 0, 129, 126, 0, 0, 0, 130, 0b10010, 1]);
});
