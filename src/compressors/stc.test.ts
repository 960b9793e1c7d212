import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../base/errors.ts";
import { layoutOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import { perTensor } from "./groups.ts";
import { measure } from "./law.contract.ts";
import { stc } from "./stc.ts";
import { families, someVector } from "./vectors.contract.ts";

compressorContract("stc:0.01");
compressorContract("stc:0.2");
compressorContract("stc:1");
compressorContract("stc:0.1,per=block,block=50");

const rng = Random.fromSeed(1);

function encoded(x: Float32Array, fraction: number): Uint8Array {
  const codec = stc(fraction).open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  return sink.written;
}

test("(0.1, −2, 0.5, 3, −1) with k = 2 gives mu = 2.5 and (0, −2.5, 0, 2.5, 0)", () => {
  const x = Float32Array.of(0.1, -2, 0.5, 3, -1);
  const message = encoded(x, 0.5);
  const out = new Float32Array(5);
  stc(0.5).open(5).decode(new ByteSource(message), out, rng);
  assert.deepEqual([...out], [0, -2.5, 0, 2.5, 0]);
  // Two positions, b = 0: gaps of 1 and 1 as 10 10; mu; the signs − and +.
  assert.equal(Buffer.from(message).toString("hex"), "02a00000204002");
});

test("the error is exactly (1 − ‖top-k‖₁²/(k‖x‖²))‖x‖²", () => {
  for (const family of families) {
    const x = someVector(family, 1000, rng.split(family));
    const magnitudes = [...x.map(Math.abs)].sort((a, b) => b - a).slice(0, 100);
    const k = magnitudes.filter((value) => value > 0).length;
    const sum = magnitudes.reduce((total, value) => total + value, 0);
    const { error, energy } = measure(stc(0.1).open(1000), x, rng, 1);
    const expected = k === 0 ? 0 : energy - sum ** 2 / k;
    assert.ok(Math.abs(error - expected) <= 1e-6 * energy + 1e-85, `${family}: ${error}, not ${expected}`);
  }
});

test("uploads of d = 7850 take the bits of the published table, and ten or less for the count and its padding", () => {
  const table = [
    [1 / 400, 19, 244],
    [1 / 100, 78, 743],
    [1 / 25, 314, 2257],
  ] as const;
  for (const [fraction, k, published] of table) {
    let bits = 0;
    for (let draw = 0; draw < 20; draw++) {
      const x = someVector("normal", 7850, rng.split(`${draw}`));
      const message = encoded(x, fraction);
      assert.equal(new ByteSource(message).varint(), k);
      bits += (8 * message.length) / 20;
    }
    const extra = bits - published;
    const countBits = k < 128 ? 8 : 16;
    const allowed = countBits + 2 * 8; // and the padding of positions and of signs
    assert.ok(extra > 0 && extra < allowed, `${fraction}: ${extra} bits more`);
  }
});

test("at 1 % it takes at most 0.10 bit an entry from d = 100,000 on, everything included", () => {
  for (const length of [100_000, 100_001, 300_000]) {
    for (const family of ["normal", "heavy-tailed", "huge"] as const) {
      const bits = (8 * encoded(someVector(family, length, rng.split(family)), 0.01).length) / length;
      assert.ok(bits <= 0.1, `${family}, d = ${length}: ${bits}`);
    }
  }
});

test("per tensor, each tensor keeps max(⌊p n⌋, 1) of its own, under its own magnitude", () => {
  const layout = layoutOf([
    ["weight", [5, 4]],
    ["bias", [3]],
  ]);
  const x = Float32Array.from({ length: 23 }, (_, i) => (i === 3 ? -40 : i === 7 ? 20 : i === 21 ? 0.5 : i / 100));
  const codec = stc(0.1, perTensor).open(23, layout);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  const out = new Float32Array(23);
  codec.decode(new ByteSource(sink.written), out, rng);
  const expected = new Float32Array(23);
  expected.set([-30], 3);
  expected.set([30], 7);
  expected.set([0.5], 21);
  assert.deepEqual(out, expected);
});

test("k is max(⌊p d⌋, 1), and fewer where zeros are among the largest", () => {
  const count = (x: Float32Array, fraction: number) => new ByteSource(encoded(x, fraction)).varint();
  assert.equal(count(someVector("normal", 199, rng), 0.01), 1);
  assert.equal(count(someVector("normal", 20, rng), 0.01), 1);
  assert.equal(count(someVector("normal", 1000, rng), 0.0199), 19);
  assert.equal(count(Float32Array.of(0, 0, 3, 0), 0.75), 1);
  for (const fraction of [0, -1, 1.1, Number.NaN]) assert.throws(() => stc(fraction), ConfigError);
});
