import assert from "node:assert/strict";
import { test } from "node:test";
import { ShapeError } from "../base/errors.ts";
import { layoutOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import { measure } from "./law.contract.ts";
import { parseCompressor } from "./registry.ts";
import { someVector } from "./vectors.contract.ts";

compressorContract("terngrad:clip=none", { draws: 60 });
compressorContract("terngrad");
compressorContract("terngrad:clip=4,per=tensor");

const rng = Random.fromSeed(1);
const unclipped = parseCompressor("terngrad:clip=none", "test");

function relativeVariance(x: Float32Array, draws: number): number {
  const { error, energy } = measure(unclipped.open(x.length), x, rng, draws);
  return error / energy;
}

test("(3, −4) keeps 4 always and 3 three times in four: ω = 0.12", () => {
  const variance = relativeVariance(Float32Array.of(3, -4), 10_000);
  assert.ok(Math.abs(variance - 0.12) < 0.006, `${variance}`);
  for (let i = 0; i < 50; i++) {
    const out = new Float32Array(2);
    const sink = new ByteSink(5);
    const codec = unclipped.open(2);
    codec.encode(Float32Array.of(3, -4), sink, rng.split(`${i}`));
    codec.decode(new ByteSource(sink.written), out, rng);
    assert.ok(out[1] === -4 && (out[0] === 0 || out[0] === 4));
  }
});

test("one entry of 1 among many of 1/(1 + √d) takes ω = (√d − 1)/2, the worst", () => {
  for (const [length, worst] of [
    [4, 0.5],
    [100, 4.5],
  ] as const) {
    const x = new Float32Array(length).fill(1 / (1 + Math.sqrt(length)));
    x[0] = 1;
    const variance = relativeVariance(x, 4000);
    assert.ok(Math.abs(variance - worst) < 0.05 * worst, `${variance}`);
    assert.equal(unclipped.law.kind === "unbiased" && unclipped.law.omega(length), worst);
  }
});

test("clipped, the scale is c standard deviations; it takes 1.6 bits an entry", () => {
  const x = someVector("normal", 10_000, rng);
  const codec = parseCompressor("terngrad", "test").open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  assert.equal(sink.length, 4 + 2000);
  const scale = new ByteSource(sink.written).finite();
  const deviation = Math.sqrt(x.reduce((sum, value) => sum + value ** 2, 0) / x.length);
  assert.ok(Math.abs(scale / deviation - 2.5) < 1e-6);
  assert.equal(parseCompressor("terngrad", "test").law.kind, "none");
});

test("each tensor has its own scale with per=tensor", () => {
  const layout = layoutOf([
    ["a", [3]],
    ["b", [2, 2]],
    ["c", [2]],
  ]);
  const compressor = parseCompressor("terngrad:clip=none,per=tensor", "test");
  const codec = compressor.open(9, layout);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(Float32Array.of(1, -1, 1, 0.5, -0.5, 0, 0.5, 0, 0), sink, rng);
  assert.equal(sink.length, 3 * 4 + 2);
  const out = new Float32Array(9);
  codec.decode(new ByteSource(sink.written), out, rng);
  assert.deepEqual([...out], [1, -1, 1, 0.5, -0.5, 0, 0.5, 0, 0]);
  assert.throws(() => compressor.open(8, layout), ShapeError);
});
