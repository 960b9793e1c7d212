import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError, CorruptError, NonFiniteError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { parseAmount } from "../compressors/amount.ts";
import type { Compressor } from "../compressors/compressor.ts";
import { encodeThenSubtract, encodeWithFeedback } from "../compressors/feedback.ts";
import { identity } from "../compressors/identity.ts";
import { broken, measure } from "../compressors/law.contract.ts";
import { natural } from "../compressors/natural.ts";
import { randK } from "../compressors/rand-k.ts";
import { scaledSign } from "../compressors/sign.ts";
import { topK } from "../compressors/top-k.ts";
import { damaged, type Family, moderateVectors, someVector } from "../compressors/vectors.contract.ts";
import { channelContract } from "./channel.contract.ts";
import { ef21 } from "./ef21.ts";
import { errorFeedback } from "./error-feedback.ts";
import { multiStep } from "./multi-step.ts";

for (const compressor of [topK(3), scaledSign(), natural()]) channelContract(errorFeedback(multiStep(compressor, 3)));

const rng = Random.fromSeed(1);
const rand = (k: number): Compressor => randK(parseAmount(`${k}`, "test"));

function encoded(compressor: Compressor, x: Float32Array): Uint8Array {
  const codec = compressor.open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  return sink.written;
}

function decoded(compressor: Compressor, message: Uint8Array, length: number): Float32Array {
  const out = new Float32Array(length).fill(Number.NaN);
  compressor.open(length).decode(new ByteSource(message), out, rng);
  return out;
}

test("it keeps its law on every kind of vector", () => {
  const families: Family[] = ["normal", "heavy-tailed", "sparse", "constant", "many ties", "huge", "zero"];
  for (const [compressor, draws] of [
    [multiStep(topK(5), 3), 1],
    [multiStep(scaledSign(), 4), 1],
    [multiStep(rand(20), 3), 400],
    [multiStep(natural(), 2), 400],
  ] as const) {
    for (const family of families) {
      for (const length of [1, 50, 300]) {
        const x = someVector(family, length, rng.split(`${family}/${length}`));
        const measured = measure(compressor.open(length), x, rng, draws);
        assert.equal(broken(compressor.law, measured, length, draws), undefined, `${compressor.name}, ${family}`);
      }
    }
  }
});

test("three steps of rand-5 of 20 entries are unbiased with ω = 0.7297, and no less", () => {
  const compressor = multiStep(rand(5), 3);
  assert.ok(compressor.law.kind === "unbiased");
  assert.ok(Math.abs(compressor.law.omega(20) - 0.7297) < 5e-5);
  assert.ok(multiStep(rand(5), 1).law.kind === "unbiased");
  const x = someVector("normal", 20, rng);
  const { error, bias, energy } = measure(compressor.open(20), x, rng, 20_000);
  assert.ok(Math.abs(error / energy - 0.7297) < 0.015, `ω = ${error / energy}`);
  assert.ok(bias / energy < 4 * (0.73 / 20_000));
});

test("⌈d/k⌉ steps of top-k lose nothing, and each step leaves less", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), fc.nat(), (length, k, seed) => {
      const x = someVector("heavy-tailed", length, Random.fromSeed(seed));
      const most = Math.ceil(length / k);
      let left = Number.POSITIVE_INFINITY;
      for (let steps = 1; steps <= most; steps++) {
        const compressor = multiStep(topK(k), steps);
        const received = decoded(compressor, encoded(compressor, x), length);
        const rest = Math.hypot(...received.map((value, i) => value - x[i]!));
        assert.ok(rest < left);
        left = rest;
      }
      assert.equal(left, 0);
    }),
  );
});

test("it decodes to the estimate that EF21 holds of the same vector after as many messages", () => {
  for (const compressor of [topK(4), scaledSign()]) {
    const x = someVector("normal", 30, rng);
    const sender = ef21(compressor).sender(30);
    for (let step = 0; step < 3; step++) {
      sender.encode(x, rng);
      sender.commit();
    }
    const inOne = multiStep(compressor, 3);
    assert.deepEqual(decoded(inOne, encoded(inOne, x), 30), sender.save().shared.get("estimate"));
  }
});

test("a message that ends early decodes as one with fewer steps, and one with more is refused", () => {
  const x = someVector("normal", 40, rng);
  for (const compressor of [topK(3), rand(8), natural()]) {
    const messages = [1, 2, 3, 4].map((steps) => encoded(multiStep(compressor, steps), x));
    for (const [i, message] of messages.slice(0, 3).entries()) {
      assert.deepEqual(message, messages[3]!.slice(0, message.length), "steps do not depend on how many there are");
      const fewer = multiStep(compressor, i + 1);
      assert.deepEqual(decoded(multiStep(compressor, 3), message, 40), decoded(fewer, message, 40));
      if (i > 0) assert.throws(() => decoded(multiStep(compressor, i), message, 40), CorruptError);
    }
    assert.throws(() => decoded(multiStep(compressor, 3), new Uint8Array(0), 40), CorruptError);
  }
});

test("its fused feedback gives the bits of encoding and subtracting", () => {
  fc.assert(
    fc.property(moderateVectors(60), fc.nat(), (x, seed) => {
      for (const compressor of [multiStep(topK(3), 2), multiStep(scaledSign(), 2), multiStep(rand(4), 3)]) {
        const codec = compressor.open(x.length);
        if (codec.encodeWithFeedback === undefined) return; // of no entries
        const settled = { values: someVector("normal", x.length, Random.fromSeed(seed)), scale: 0 };
        const [fused, apart] = [encodeWithFeedback, encodeThenSubtract].map((encode) => {
          const sink = new ByteSink(codec.maxBytes);
          const tentative = { values: new Float32Array(x.length).fill(Number.NaN), scale: 9 };
          encode(codec, x, { settled, tentative }, sink, rng);
          return { message: sink.written, ...tentative };
        });
        assert.deepEqual(fused, apart);
      }
    }),
  );
});

test("damaged messages give finite values or a CorruptError that leaves the output alone", () => {
  const compressor = multiStep(natural(), 3);
  const codec = compressor.open(20);
  const message = encoded(compressor, someVector("huge", 20, rng));
  fc.assert(
    fc.property(damaged(message), (hostile) => {
      const out = new Float32Array(20).fill(0.5);
      try {
        codec.decode(new ByteSource(hostile), out, rng);
        assert.ok(out.every(Number.isFinite));
      } catch (error) {
        assert.ok(error instanceof CorruptError, String(error));
        assert.ok(out.every((value) => value === 0.5));
      }
    }),
    { numRuns: 500 },
  );
});

test("steps whose sum is more than f32 holds are refused", () => {
  const message = new ByteSink(10).varint(4).f32(3e38).varint(4).f32(3e38).written;
  assert.throws(() => decoded(multiStep(identity(), 2), message, 1), CorruptError);
});

test("a vector that is not finite, and one whose steps overflow, are refused, and nothing is written", () => {
  const bad = [Float32Array.of(1, Number.NaN), Float32Array.of(Number.POSITIVE_INFINITY, 0)];
  for (const compressor of [multiStep(identity(), 2), multiStep(topK(1), 2), multiStep(natural(), 2)]) {
    for (const x of bad) {
      const sink = new ByteSink(1000).u8(42);
      assert.throws(() => compressor.open(2).encode(x, sink, rng), NonFiniteError);
      assert.deepEqual([...sink.written], [42]);
    }
  }
  const sink = new ByteSink(1000).u8(42);
  assert.throws(() => multiStep(rand(1), 2).open(4).encode(new Float32Array(4).fill(3e38), sink, rng), NonFiniteError);
  assert.deepEqual([...sink.written], [42]);
});

test("steps must be a positive whole number, and a vector of no entries is an empty message", () => {
  for (const steps of [0, -1, 1.5, Number.NaN]) assert.throws(() => multiStep(topK(1), steps), ConfigError);
  assert.equal(multiStep(topK(1), 2).open(0).maxBytes, 0);
  assert.equal(multiStep(topK(1), 2).name, "multi-step:2,top-k:1");
});
