/**
 * The contract of every compressor. An implementation runs it in one line:
 *
 *     compressorContract("top-k:0.01");
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CorruptError, NonFiniteError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { twin } from "../kernels/index.ts";
import type { Codec, ErrorMemory } from "./compressor.ts";
import { emptyMemory, encodeThenSubtract, encodeWithFeedback, materialize } from "./feedback.ts";
import { broken, measure } from "./law.contract.ts";
import { parseCompressor } from "./registry.ts";
import { damaged, families, moderateVectors, someVector, vectors } from "./vectors.contract.ts";

const { fround } = Math;
const rng = Random.fromSeed(7).split("compressor contract");
const MOST = 300;
const weights = fc.constantFrom(1, -1, 1 / 3, 0.25, 0);

/**
 * @param draws how often the law is measured for one vector: 1 for a compressor without randomness
 * @param headroom a power of two: entries above the largest f32 divided by it may overflow and be refused, so all are
 * divided by it
 * @param floor an error an entry that the law leaves out: where subnormals are rounded to zero
 */
export function compressorContract(
  spec: string,
  { draws = 1, headroom = 1, floor = 2 ** -149 }: { draws?: number; headroom?: number; floor?: number } = {},
): void {
  const compressor = parseCompressor(spec, "contract");
  const lowered = (x: Float32Array) => (headroom === 1 ? x : x.map((value) => value / headroom));
  const inputs = vectors(MOST).map(lowered);

  describe(`compressor ${spec}`, () => {
    test("its name is a spec of itself", () => {
      assert.equal(parseCompressor(compressor.name, "contract").name, compressor.name);
    });

    test("keeps its law on every kind of vector", () => {
      for (const family of families) {
        for (const length of [1, 2, 7, 64, 1000, 5000]) {
          const x = lowered(someVector(family, length, rng.split(`${family}/${length}`)));
          const measured = measure(compressor.open(length), x, rng, draws);
          assert.equal(broken(compressor.law, measured, length, draws, floor), undefined, `${family}, d = ${length}`);
        }
      }
    });

    test("no message is longer than promised, and the same seed gives the same bytes", () => {
      fc.assert(
        fc.property(inputs, (x) => {
          const codec = compressor.open(x.length);
          const first = encoded(codec, x); // a sink of maxBytes refuses to grow
          assert.deepEqual(encoded(codec, x), first);
          assert.deepEqual(encoded(compressor.open(x.length), x), first);
        }),
      );
    });

    test("promises no less room than for a shorter vector", () => {
      let most = 0;
      for (let length = 0; length <= 40; length++) {
        const { maxBytes } = compressor.open(length);
        assert.ok(maxBytes >= most, `d = ${length}: ${maxBytes} < ${most}`);
        most = maxBytes;
      }
    });

    test("decoding is a function of the message alone, finite, and without −0 unless exact", () => {
      fc.assert(
        fc.property(inputs, (x) => {
          const message = encoded(compressor.open(x.length), x);
          const once = decoded(compressor.open(x.length), message, x.length);
          assert.deepEqual(decoded(compressor.open(x.length), message, x.length), once);
          for (const value of once) {
            assert.ok(Number.isFinite(value));
            assert.ok(compressor.law.kind === "exact" || !Object.is(value, -0));
          }
        }),
      );
    });

    test("decodeAdd adds fround(weight · decoded) to each entry and rounds", () => {
      fc.assert(
        fc.property(moderateVectors(MOST), weights, fc.nat(), (x, weight, seed) => {
          const codec = compressor.open(x.length);
          const message = encoded(codec, x);
          const values = decoded(codec, message, x.length);
          const before = someVector("normal", x.length, Random.fromSeed(seed));
          const sum = before.slice();
          codec.decodeAdd(new ByteSource(message), sum, weight, rng);
          const expected = before.map((value, i) => value + fround(fround(weight) * values[i]!));
          assert.ok(sum.every((value, i) => value === expected[i]));
        }),
      );
    });

    test("decodes wherever the message lies", () => {
      const x = someVector("normal", 77, rng);
      const codec = compressor.open(77);
      const message = encoded(codec, x);
      for (let offset = 0; offset < 8; offset++) {
        const moved = new Uint8Array(message.length + 16).subarray(offset, offset + message.length);
        moved.set(message);
        assert.deepEqual(decoded(codec, moved, 77), decoded(codec, message, 77));
      }
    });

    test("gives the same messages and memories on the plain kernels", () => {
      const plain = parseCompressor(spec, "contract", twin);
      fc.assert(
        fc.property(moderateVectors(MOST), fc.nat(), (x, seed) => {
          const [here, there] = [compressor.open(x.length), plain.open(x.length)];
          assert.deepEqual(encoded(here, x), encoded(there, x));
          const memory = someMemory(x.length, seed);
          const [a, b] = [feedback(here, x, memory), feedback(there, x, memory)];
          assert.deepEqual(a.message, b.message);
          assert.deepEqual(materialize(a.memory), materialize(b.memory));
        }),
        { numRuns: 30 },
      );
    });

    test("a vector of no entries is an empty message", () => {
      const codec = compressor.open(0);
      assert.equal(codec.maxBytes, 0);
      assert.equal(encoded(codec, new Float32Array(0)).length, 0);
      assert.equal(decoded(codec, new Uint8Array(0), 0).length, 0);
      assert.throws(() => decoded(codec, Uint8Array.of(0), 0), CorruptError);
    });

    if (compressor.law.kind !== "none") {
      test("the zero vector decodes to +0 everywhere", () => {
        const codec = compressor.open(100);
        const zeros = decoded(codec, encoded(codec, new Float32Array(100)), 100);
        assert.ok(zeros.every((value) => Object.is(value, 0)));
      });
    }

    test("NaN and infinity in the input are refused, and nothing is written", () => {
      const bad = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
      fc.assert(
        fc.property(inputs, bad, fc.nat(), (vector, value, at) => {
          const x = Float32Array.of(...vector, 1);
          x[at % x.length] = value;
          const codec = compressor.open(x.length);
          const sink = new ByteSink(codec.maxBytes + 1).u8(42);
          assert.throws(() => codec.encode(x, sink, rng), NonFiniteError);
          const settled = someMemory(x.length, at);
          const before = materialize(settled);
          const residual = { settled, tentative: emptyMemory(x.length) };
          assert.throws(() => encodeWithFeedback(codec, x, residual, sink, rng), NonFiniteError);
          assert.deepEqual([...sink.written], [42]);
          assert.deepEqual(materialize(settled), before);
          assert.equal(settled.scale, 0);
        }),
      );
    });

    test("a vector that overflows together with its memory is refused", () => {
      const x = Float32Array.of(1, 3e38, -2);
      const settled = { values: Float32Array.of(0, 3e38, 0), scale: 0 };
      const residual = { settled, tentative: emptyMemory(3) };
      const codec = compressor.open(3);
      const sink = new ByteSink(codec.maxBytes);
      assert.throws(() => encodeWithFeedback(codec, x, residual, sink, rng), NonFiniteError);
      assert.equal(sink.length, 0);
    });

    test("with feedback, message and memory come to x + e exactly as p − decoded is rounded, round after round", () => {
      fc.assert(
        fc.property(moderateVectors(MOST), fc.nat(), (x, seed) => {
          const codec = compressor.open(x.length);
          let memory = someMemory(x.length, seed); // from plain form, then in whatever form the codec left
          for (let round = 0; round < 4; round++) {
            const error = materialize(memory);
            const { message, memory: next } = feedback(codec, x, memory);
            const p = x.map((value, i) => value + error[i]!);
            const values = decoded(codec, message, x.length);
            const rest = materialize(next);
            assert.deepEqual(message, encoded(codec, p));
            assert.ok(rest.every((value, i) => value === fround(p[i]! - values[i]!)));
            memory = next;
          }
        }),
      );
    });

    test("its fused feedback gives the bits of encoding and subtracting", () => {
      fc.assert(
        fc.property(moderateVectors(MOST), fc.nat(), (x, seed) => {
          const codec = compressor.open(x.length);
          const settled = someMemory(x.length, seed);
          const fused = feedback(codec, x, settled);
          const sink = new ByteSink(codec.maxBytes);
          const tentative = { values: new Float32Array(x.length).fill(Number.NaN), scale: 9 };
          encodeThenSubtract(codec, x, { settled, tentative }, sink, rng);
          assert.deepEqual(fused.message, sink.written.slice());
          assert.deepEqual(materialize(fused.memory), materialize(tentative));
        }),
      );
    });

    test("damaged and invented messages give finite values or a CorruptError that leaves the output alone", () => {
      const hostile = inputs.chain((x) =>
        fc.tuple(fc.constant(x), damaged(encoded(compressor.open(x.length), x)), weights),
      );
      fc.assert(
        fc.property(hostile, ([x, message, weight]) => {
          const codec = compressor.open(x.length);
          const out = new Float32Array(x.length).fill(0.5);
          try {
            codec.decode(new ByteSource(message), out, rng);
          } catch (error) {
            assert.ok(error instanceof CorruptError, String(error));
            refusesToAdd(codec, message, out, weight);
            return;
          }
          assert.ok(out.every(Number.isFinite));
        }),
        { numRuns: 400 },
      );
    });
  });
}

function refusesToAdd(codec: Codec, message: Uint8Array, out: Float32Array, weight: number): void {
  assert.ok(out.every((value) => value === 0.5));
  assert.throws(() => codec.decodeAdd(new ByteSource(message), out, weight, rng), CorruptError);
  assert.ok(out.every((value) => value === 0.5));
}

function encoded(codec: Codec, x: Float32Array): Uint8Array {
  const sink = new ByteSink(new Uint8Array(codec.maxBytes).fill(0xff)); // sinks are reused, not cleared
  codec.encode(x, sink, rng);
  return sink.written;
}

function decoded(codec: Codec, message: Uint8Array, length: number): Float32Array {
  const out = new Float32Array(length).fill(Number.NaN);
  codec.decode(new ByteSource(message), out, rng);
  return out;
}

function feedback(codec: Codec, x: Float32Array, settled: ErrorMemory): { message: Uint8Array; memory: ErrorMemory } {
  const sink = new ByteSink(codec.maxBytes);
  const memory = { values: new Float32Array(x.length).fill(Number.NaN), scale: 9 }; // left over from another round
  encodeWithFeedback(codec, x, { settled, tentative: memory }, sink, rng);
  return { message: sink.written, memory };
}

const someMemory = (length: number, seed: number): ErrorMemory => ({
  values: someVector(seed % 3 === 0 ? "zeros of both signs" : "normal", length, Random.fromSeed(seed)),
  scale: 0,
});
