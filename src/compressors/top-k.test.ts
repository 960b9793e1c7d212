import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError, NonFiniteError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import { emptyMemory, encodeWithFeedback } from "./feedback.ts";
import { topFraction, topK } from "./top-k.ts";
import { families, someVector, vectors } from "./vectors.contract.ts";

compressorContract("top-k:0.01");
compressorContract("top-k:32");
compressorContract("top-k:0.7");
compressorContract("top-k:1.0");

const rng = Random.fromSeed(1);

function sent(k: number, x: Float32Array): number[] {
  const codec = topK(k).open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  const out = new Float32Array(x.length);
  codec.decode(new ByteSource(sink.written), out, rng);
  return [...out];
}

/** The definition: sort by magnitude, then by index. */
function byDefinition(k: number, x: Float32Array): number[] {
  const order = [...x.keys()].sort((i, j) => Math.abs(x[j]!) - Math.abs(x[i]!) || i - j);
  const kept = new Set(order.slice(0, k));
  return [...x].map((value, i) => (kept.has(i) ? value + 0 : 0)); // + 0 turns −0 into +0
}

test("of (3, −4, 4, 1) the first of the tied entries goes first", () => {
  assert.deepEqual(sent(1, Float32Array.of(3, -4, 4, 1)), [0, -4, 0, 0]);
  assert.deepEqual(sent(2, Float32Array.of(3, -4, 4, 1)), [0, -4, 4, 0]);
});

test("keeps exactly what sorting by magnitude and index keeps", () => {
  fc.assert(
    fc.property(vectors(300), fc.integer({ min: 1, max: 320 }), (x, k) => {
      assert.deepEqual(sent(k, x), byDefinition(k, x));
    }),
    { numRuns: 300 },
  );
});

test("keeps it too where more entries share the threshold's bin than its list of candidates holds", () => {
  for (const family of families) {
    const x = someVector(family, 6000, rng.split(family));
    for (const k of [1, 10, 600]) assert.deepEqual(sent(k, x), byDefinition(k, x), `${family}, k = ${k}`);
  }
});

/** Lengths from which a sample guesses the floor; typed arrays sort fast enough for them. */
const LONG = 2 ** 16 + 77;

/** Magnitude bits above index: one number a key, so that sorting them sorts as the definition does. */
function longByDefinition(k: number, x: Float32Array): Float32Array {
  const bits = new Uint32Array(x.buffer, x.byteOffset, x.length);
  const keys = Float64Array.from(bits, (word, i) => (word & 0x7fffffff) * 2 ** 20 + (x.length - i)).sort();
  const kept = new Float32Array(x.length);
  for (const key of keys.subarray(-k)) {
    const i = x.length - (key % 2 ** 20);
    kept[i] = x[i]! + 0;
  }
  return kept;
}

test("where a sample guesses the threshold, rightly or wrongly, the same entries are kept", () => {
  const shapes: Record<string, (i: number) => number> = {
    "rising to the end": (i) => i,
    "large where the sample looks": (i) => (i % 5 === 0 ? 1000 : 1) * rng.normal(i),
    "large where it does not": (i) => (i % 5 === 1 ? 1000 : 1) * rng.normal(i),
    "few that are not 0": (i) => (i % 1000 === 7 ? rng.normal(i) : 0),
  };
  const long = [
    ...families.map((family) => someVector(family, LONG, rng.split(`long/${family}`))),
    ...Object.values(shapes).map((shape) => Float32Array.from({ length: LONG }, (_, i) => shape(i))),
  ];
  for (const [n, x] of long.entries()) {
    for (const k of n === 0 ? [1, 655, 20_000] : [655]) {
      const codec = topK(k).open(LONG);
      const sink = new ByteSink(codec.maxBytes);
      codec.encode(x, sink, rng);
      const out = new Float32Array(LONG);
      codec.decode(new ByteSource(sink.written), out, rng);
      assert.deepEqual(out, longByDefinition(k, x), `vector ${n}, k = ${k}`);
    }
  }
});

test("with feedback too, round after round, while the threshold moves", () => {
  const codec = topK(655).open(LONG);
  let residual = { settled: emptyMemory(LONG), tentative: emptyMemory(LONG) };
  for (let round = 0; round < 6; round++) {
    const x = someVector("heavy-tailed", LONG, rng.split(`round/${round}`)).map((value) => value * 10 ** (round % 3));
    const p = x.map((value, i) => value + residual.settled.values[i]!);
    const sink = new ByteSink(codec.maxBytes);
    encodeWithFeedback(codec, x, residual, sink, rng);
    const out = new Float32Array(LONG);
    codec.decode(new ByteSource(sink.written), out, rng);
    assert.deepEqual(out, longByDefinition(655, p));
    residual = { settled: residual.tentative, tentative: residual.settled };
    assert.deepEqual(
      residual.settled.values,
      p.map((value, i) => value - out[i]!),
    );
  }
});

test("one entry that is not finite is found in a long vector, wherever it lies", () => {
  for (const at of [0, 1, 5, LONG - 1]) {
    for (const k of [1, 655, LONG]) {
      const codec = topK(k).open(LONG);
      const x = someVector("normal", LONG, rng);
      x[at] = Number.NaN;
      const sink = new ByteSink(codec.maxBytes);
      assert.throws(() => codec.encode(x, sink, rng), NonFiniteError);
      assert.equal(sink.length, 0);
    }
  }
});

test("a vector with fewer than k entries that are not zero is sent under its true count", () => {
  const codec = topK(10).open(1000);
  const sink = new ByteSink(codec.maxBytes);
  const x = new Float32Array(1000);
  x[500] = -2;
  codec.encode(x, sink, rng);
  assert.ok(sink.length <= 1 + 2 + 4);
  codec.encode(new Float32Array(1000), sink.reset(), rng);
  assert.deepEqual([...sink.written], [0]);
});

test("1 % of a Gaussian vector takes about 40.1 bits an entry kept", () => {
  const x = someVector("normal", 100_000, rng);
  const sink = new ByteSink(topFraction(0.01).open(x.length).maxBytes);
  topFraction(0.01).open(x.length).encode(x, sink, rng);
  const bits = (8 * sink.length) / 1000;
  assert.ok(bits > 39.9 && bits < 40.4, `${bits}`);
});

test("a fraction keeps round(p d) entries, at least one; a number above d keeps all", () => {
  const kept = (length: number) => {
    const { law } = topFraction(0.01);
    return law.kind === "contractive" ? Math.round(1e9 * law.delta(length) * length) / 1e9 : Number.NaN;
  };
  assert.deepEqual([1, 49, 149, 150, 1000].map(kept), [1, 1, 1, 2, 10]);
  assert.equal(topK(1000).open(10).maxBytes, topFraction(1).open(10).maxBytes);
});

test("nothing, fractions of entries and fractions above one are refused", () => {
  for (const k of [0, -1, 1.5, Number.NaN]) assert.throws(() => topK(k), ConfigError);
  for (const p of [0, -0.1, 1.01, Number.NaN]) assert.throws(() => topFraction(p), ConfigError);
});
