import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
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
