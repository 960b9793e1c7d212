import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, CorruptError, NonFiniteError, ShapeError } from "../base/errors.ts";
import { flatLayout, type Layout, layoutOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { cgx, cgxEntry } from "./cgx.ts";
import { compressorContract } from "./compressor.contract.ts";
import type { Compressor } from "./compressor.ts";
import { emptyMemory, encodeThenSubtract, encodeWithFeedback } from "./feedback.ts";
import { measure } from "./law.contract.ts";
import { parseCompressor } from "./registry.ts";
import { someVector } from "./vectors.contract.ts";

const rng = Random.fromSeed(1);

for (const spec of cgxEntry.examples) {
  // One bit has a step as long as the range, which may be twice the largest f32.
  compressorContract(spec, { draws: spec.includes("nearest") ? 1 : 40, headroom: spec.includes("bits=1") ? 4 : 1 });
}

function through(compressor: Compressor, x: Float32Array, layout?: Layout, key: Random = rng) {
  const codec = compressor.open(x.length, layout);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, key);
  const out = new Float32Array(x.length);
  codec.decode(new ByteSource(sink.written), out, key);
  return { message: sink.written, out };
}

/** Sixteen entries and more are quantised. */
const padded = (...entries: number[]): Float32Array => Float32Array.from({ length: 16 }, (_, i) => entries[i] ?? 0);

test("two bits hold (0, 1, 2, 3) exactly, however they are rounded", () => {
  const x = padded(0, 1, 2, 3);
  for (const rounding of ["stochastic", "nearest"] as const) {
    assert.deepEqual(through(cgx({ bits: 2, rounding }), x).out, x);
  }
});

test("0.4 of a step goes up four times in ten", () => {
  const x = padded(0, 0.4, 3);
  const TRIES = 4000;
  let up = 0;
  for (let i = 0; i < TRIES; i++) {
    const { out } = through(cgx({ bits: 2 }), x, undefined, rng.split(`try/${i}`));
    assert.ok(out[1] === 0 || out[1] === 1);
    up += out[1]!;
  }
  assert.ok(Math.abs(up / TRIES - 0.4) < 5 * Math.sqrt(0.24 / TRIES));
});

test("ω is B/(2(2^bits − 1)²)", () => {
  const table = [
    [4, 128, 0.2844],
    [4, 512, 1.138],
    [4, 1024, 2.276],
    [8, 64, 0.000492],
  ] as const;
  for (const [bits, bucket, omega] of table) {
    const { law } = cgx({ bits, bucket });
    assert.ok(law.kind === "unbiased" && Math.abs(law.omega(1 << 20) / omega - 1) < 1e-3);
  }
});

test("in 4 bits and buckets of 128 real vectors stay far below ω = 0.28: step²/6 an entry, at worst about twice that", () => {
  const BUCKETS = 500;
  const codec = cgx({ bits: 4, bucket: 128 }).open(128);
  const laplace = (key: Random) =>
    Float32Array.from({ length: 128 }, (_, i) => (key.u32(2 * i) & 1 ? -1 : 1) * Math.log(1 - key.uniform(2 * i + 1)));
  const table = [
    ["Gaussian", (key: Random) => someVector("normal", 128, key), 0.02, 0.04],
    ["Laplacian", laplace, 0.034, 0.079],
  ] as const;
  for (const [name, vectorOf, usual, worst] of table) {
    const errors = Array.from({ length: BUCKETS }, (_, b) => {
      const { error, energy } = measure(codec, vectorOf(rng.split(`${name}/${b}`)), rng, 4);
      return error / energy;
    });
    const mean = errors.reduce((sum, error) => sum + error) / BUCKETS;
    assert.ok(Math.abs(mean / usual - 1) < 0.1, `${name}: ${mean}`);
    assert.ok(Math.max(...errors) < 1.2 * worst, `${name}: ${Math.max(...errors)}`);
  }
});

test("a constant bucket and the ends of a bucket come back", () => {
  const x = new Float32Array(64).fill(0.1);
  assert.deepEqual(through(cgx(), x).out, x);
  x[3] = -7;
  x[60] = 8;
  const { out } = through(cgx(), x);
  assert.deepEqual([out[3], out[60]], [-7, 8]);
});

test("codes are packed in groups of eight, the first in the lowest bits, behind step and least entry", () => {
  const x = Float32Array.from({ length: 16 }, (_, i) => i % 8);
  const { message } = through(cgx({ bits: 3 }), x);
  assert.deepEqual([...message], [0, 0, 0x80, 0x3f, 0, 0, 0, 0, 0x88, 0xc6, 0xfa, 0x88, 0xc6, 0xfa]);
});

test("fewer than sixteen entries travel as f32", () => {
  const x = someVector("normal", 15, rng);
  const { message, out } = through(cgx({ bits: 1 }), x);
  assert.equal(message.length, 60);
  assert.deepEqual(out, x);
});

const layout = layoutOf([
  ["a/weight", [40, 50]],
  ["a/bias", [2000]],
  ["b/weight", [10, 100]],
  ["c/weight", [32, 32]],
]);
const x = someVector("normal", layout.length, rng);

test("with a layout, biases and small tensors travel as f32 and each tensor has its own buckets", () => {
  const { message, out } = through(cgx({ bits: 4, bucket: 512 }), x, layout);
  assert.equal(message.length, 4 * 8 + 1000 + 4 * 2000 + 4 * 1000 + 2 * 8 + 512);
  assert.deepEqual(out.subarray(2000, 5000), x.subarray(2000, 5000));
  assert.notDeepEqual(out.subarray(0, 2000), x.subarray(0, 2000));
  const alone = through(cgx({ bits: 4, bucket: 512 }), x.subarray(0, 2000)).out;
  assert.deepEqual(out.subarray(0, 2000), alone);
});

test("with a layout too, fused feedback gives the bits of encoding and subtracting", () => {
  for (const compressor of [cgx(), cgx({ widths: [3, 32, 5, 8], rounding: "nearest" })]) {
    const codec = compressor.open(x.length, layout);
    const settled = { values: someVector("normal", x.length, rng.split("e")), scale: 0 };
    const run = (encode: typeof encodeThenSubtract) => {
      const [sink, tentative] = [new ByteSink(codec.maxBytes), emptyMemory(x.length)];
      encode(codec, x, { settled, tentative }, sink, rng);
      return { message: sink.written, rest: tentative.values };
    };
    assert.deepEqual(run(encodeWithFeedback), run(encodeThenSubtract));
  }
});

test("in a plain segment an entry that is not finite is refused, and NaN in a message too", () => {
  const bad = x.slice();
  bad[2500] = Number.NaN;
  assert.throws(() => through(cgx(), bad, layout), NonFiniteError);
  const { message } = through(cgx(), x, layout);
  message.fill(0xff, 2 * 8 + 1000, 2 * 8 + 1004);
  const out = new Float32Array(x.length);
  assert.throws(() => cgx().open(x.length, layout).decode(new ByteSource(message), out, rng), CorruptError);
  assert.ok(out.every((value) => value === 0));
});

test("a layout of another length is refused", () => {
  for (const options of [{}, { widths: [4] }]) {
    assert.throws(() => cgx(options).open(32, flatLayout(31)), ShapeError);
    assert.throws(() => cgx(options).open(32, flatLayout(33)), ShapeError);
  }
});

test("a layout of one flat tensor is no layout", () => {
  const flat = through(cgx(), x, flatLayout(x.length));
  assert.deepEqual(flat.message, through(cgx(), x).message);
});

test("widths give each tensor its own, and 32 is f32", () => {
  const compressor = cgx({ bucket: 512 }).withWidths([3, 2, 32, 8]);
  assert.equal(compressor.name, "cgx:bucket=512,widths=3-2-32-8");
  assert.equal(parseCompressor(compressor.name, "test").name, compressor.name);
  const { message, out } = through(compressor, x, layout);
  assert.equal(message.length, 4 * 8 + 750 + (4 * 8 + 500) + 4000 + (2 * 8 + 1024));
  assert.deepEqual(out.subarray(4000, 5000), x.subarray(4000, 5000));
  assert.throws(() => compressor.open(x.length), ConfigError);
  assert.throws(() => compressor.open(2000, layoutOf([["w", [40, 50]]])), ConfigError);
});

test("specs give their canonical names, and bad ones are refused", () => {
  const table = [
    ["cgx", "cgx:bits=4,bucket=1024"],
    ["cgx:rounding=nearest,bits=2", "cgx:bits=2,bucket=1024,rounding=nearest"],
    ["cgx:widths=4-32,rounding=nearest", "cgx:bucket=1024,widths=4-32,rounding=nearest"],
  ] as const;
  for (const [text, name] of table) assert.equal(parseCompressor(text, "test").name, name);
  for (const bad of ["bits=0", "bits=9", "bits=32", "bucket=100", "widths=4-9", "widths=4-", "bits=4,widths=4", "4"]) {
    assert.throws(() => parseCompressor(`cgx:${bad}`, "test"), ConfigError, bad);
  }
});

test("without randomness to fall back on, a bucket too long for its bits has no law", () => {
  assert.equal(cgx({ rounding: "nearest" }).law.kind, "none");
  assert.equal(cgx({ rounding: "nearest", bucket: 128 }).law.kind, "contractive");
});
