import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, CorruptError, NonFiniteError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { autoCode, denseCode, fixedCode, type LevelCode, sparseCode } from "../coding/level-codes.ts";
import { compressorContract } from "./compressor.contract.ts";
import type { Compressor } from "./compressor.ts";
import { measure } from "./law.contract.ts";
import { linearDithering, linearVariance, qsgd } from "./linear-dithering.ts";
import { parseCompressor } from "./registry.ts";
import { someVector } from "./vectors.contract.ts";

const random = { draws: 60, headroom: 2 ** 8 }; // a norm overflows before its entries do
compressorContract("qsgd:levels=7,bucket=512", random);
compressorContract("qsgd:levels=7,bucket=512,code=fixed", random);
compressorContract("qsgd:levels=7,bucket=9,code=fixed", random);
compressorContract("qsgd:levels=1,bucket=64,code=sparse", random);
compressorContract("qsgd:levels=20,bucket=100,norm=max,code=dense", random);
compressorContract("linear-dithering:levels=127,norm=max", random);

const rng = Random.fromSeed(1);

function message(compressor: Compressor, x: Float32Array): Uint8Array {
  const codec = compressor.open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  return sink.written;
}

function decoded(compressor: Compressor, bytes: Uint8Array, length: number): Float32Array {
  const out = new Float32Array(length);
  compressor.open(length).decode(new ByteSource(bytes), out, rng);
  return out;
}

function relativeVariance(compressor: Compressor, x: Float32Array, draws: number): number {
  const { error, energy } = measure(compressor.open(x.length), x, rng, draws);
  return error / energy;
}

const close = (got: number, want: number, tolerance: number, what = "") =>
  assert.ok(Math.abs(got - want) <= tolerance * want, `${what} ${got}, not ${want}`);

const THREE_FOUR = Float32Array.of(3, -4);
const l2 = (levels: number) => linearDithering({ levels, norm: "l2" });

test("(3, −4) at s = 4 becomes 2.5 or 3.75, and −3.75 or −5, as often as it should", () => {
  const counts = new Map<number, number>();
  for (let i = 0; i < 10_000; i++) {
    const codec = l2(4).open(2);
    const sink = new ByteSink(codec.maxBytes);
    codec.encode(THREE_FOUR, sink, rng.split(`${i}`));
    for (const value of decoded(l2(4), sink.written, 2)) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()].toSorted(), [-3.75, -5, 2.5, 3.75]);
  for (const [value, count] of [
    [2.5, 6000],
    [3.75, 4000],
    [-3.75, 8000],
    [-5, 2000],
  ] as const)
    close(counts.get(value)!, count, 0.05);
});

test("(3, −4) has the published relative variances", () => {
  for (const [levels, variance] of [
    [1, 0.4],
    [2, 0.1],
    [4, 0.025],
    [8, 0.00625],
  ] as const)
    close(relativeVariance(l2(levels), THREE_FOUR, 8000), variance, 0.05, `s = ${levels}`);
});

test("a hundred ones at s = 1 take ω = √d − 1 = 9, the worst", () => {
  close(relativeVariance(l2(1), new Float32Array(100).fill(1), 2000), 9, 0.05);
  assert.equal(linearVariance(100, 1), 10);
});

test("ω is min(d/(4s²), √d/s) of the largest bucket", () => {
  const omega = (compressor: Compressor, length: number) =>
    compressor.law.kind === "unbiased" ? compressor.law.omega(length) : Number.NaN;
  const bucketed = qsgd({ levels: 7, norm: "l2", bucket: 512, code: fixedCode });
  assert.equal(omega(bucketed, 1e6), 512 / 196);
  assert.equal(omega(bucketed, 100), 100 / 196);
  assert.equal(omega(l2(7), 1e6), 1000 / 7);
});

test("a multiple of the step comes back exactly, the norm's own entry always", () => {
  const largest = linearDithering({ levels: 7, norm: "max" });
  const x = Float32Array.of(7, -1, 0, 3, -7);
  assert.deepEqual(decoded(largest, message(largest, x), 5), x);
  const alone = Float32Array.of(0, 0, -0.1, 0);
  const back = decoded(l2(7), message(l2(7), alone), 4);
  close(-back[2]!, Math.fround(0.1), 2 ** -22);
});

const MESSAGES = 40;

test("normal vectors take about the published bits, sparse and dense", () => {
  const bits = (levels: number, code: LevelCode, length: number) => {
    const x = someVector("normal", length, rng.split(`${length}`));
    const codec = qsgd({ levels, norm: "l2", bucket: length, code }).open(length);
    const messages = Array.from({ length: MESSAGES }, (_, i) => {
      const sink = new ByteSink(codec.maxBytes);
      codec.encode(x, sink, rng.split(`${i}`));
      return 8 * sink.length;
    });
    return messages.reduce((sum, size) => sum + size, 0) / MESSAGES;
  };
  for (const [length, levels, sparse, dense] of [
    [1024, 1, 336, 1133],
    [1024, 4, 893, 1368],
    [1024, 32, 2836, 3028],
    [4096, 64, 11319, 12102],
  ] as const) {
    close(bits(levels, sparseCode, length), sparse, 0.08, `sparse, s = ${levels}`);
    close(bits(levels, denseCode, length), dense, 0.04, `dense, s = ${levels}`);
  }
  assert.ok(bits(1, sparseCode, 1024) < 426);
  assert.ok(bits(32, denseCode, 1024) < 3.3 * 1024 && bits(64, denseCode, 4096) < 3.3 * 4096);
});

test("auto takes a byte more than the shortest code, and decodes to the same vector", () => {
  const x = someVector("heavy-tailed", 3000, rng);
  for (const levels of [1, 7, 100]) {
    const coded = (code: LevelCode) => qsgd({ levels, norm: "l2", bucket: 512, code });
    const all = [fixedCode, sparseCode, denseCode].map((code) => message(coded(code), x));
    const auto = message(coded(autoCode), x);
    assert.equal(auto.length, 1 + Math.min(...all.map((bytes) => bytes.length)));
    const out = decoded(coded(autoCode), auto, x.length);
    assert.deepEqual(decoded(coded(fixedCode), all[0]!, x.length), out);
    assert.deepEqual(decoded(coded(sparseCode), all[1]!, x.length), out);
  }
});

test("four bits packed as they come are the fixed code, whatever the bucket", () => {
  const x = someVector("normal", 40_001, rng);
  for (const bucket of [512, 9, 1, 4097, 17_001, 20_000]) {
    const bytes = message(qsgd({ levels: 7, norm: "l2", bucket, code: fixedCode }), x);
    const source = new ByteSource(bytes);
    const steps = source.f32s(Math.ceil(x.length / bucket));
    const levels = new Int16Array(x.length);
    fixedCode.read(source, 7, levels);
    source.end();
    const values = Float32Array.from(levels, (level, i) => level * steps[Math.floor(i / bucket)]!);
    assert.deepEqual(decoded(qsgd({ levels: 7, norm: "l2", bucket, code: fixedCode }), bytes, x.length), values);
    for (const [i, value] of values.entries()) {
      assert.ok(Math.abs(value - x[i]!) <= 1.0001 * steps[Math.floor(i / bucket)]!, `${bucket}, ${i}`);
    }
  }
});

test("a norm that overflows is refused, and the message says so", () => {
  const x = new Float32Array(100).fill(3e38);
  assert.throws(
    () => message(l2(7), x),
    (error) => error instanceof NonFiniteError && /norm/.test(error.message),
  );
  assert.ok(message(linearDithering({ levels: 7, norm: "max" }), x).length > 0);
});

test("a step below zero or that overflows, and the number below −7, are corrupt", () => {
  const step = (value: number, nibbles = 0) => new ByteSink(5).f32(value).u8(nibbles).written;
  for (const bytes of [step(-1), step(-0), step(1e38), step(Number.NaN), step(1, 0x08), step(1, 0x80)])
    assert.throws(() => decoded(l2(7), bytes, 2), CorruptError);
  assert.deepEqual([...decoded(l2(7), step(0, 0xff), 2)], [0, 0]); // −1 times 0 is +0
});

test("specs give their canonical names, and bad ones are refused", () => {
  const named = (spec: string) => parseCompressor(spec, "test").name;
  assert.equal(named("qsgd"), "qsgd:levels=7,bucket=512");
  assert.equal(named("qsgd:code=auto,norm=l2"), "qsgd:levels=7,bucket=512");
  assert.equal(named("qsgd:code=fixed,norm=max,levels=3"), "qsgd:levels=3,bucket=512,norm=max,code=fixed");
  assert.equal(named("standard-dithering"), "linear-dithering:levels=7");
  for (const spec of [
    "qsgd:levels=0",
    "qsgd:levels=16384",
    "qsgd:bucket=0",
    "qsgd:norm=l1",
    "qsgd:code=rice",
    "qsgd:7",
  ])
    assert.throws(() => named(spec), ConfigError, spec);
});
