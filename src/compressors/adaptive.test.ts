import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError, CorruptError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { adaptive, adaptiveEntry } from "./adaptive.ts";
import { compressorContract } from "./compressor.contract.ts";
import type { Compressor } from "./compressor.ts";
import { parseCompressor } from "./registry.ts";
import { moderateVectors, someVector } from "./vectors.contract.ts";

const [topK, stc, qsgd] = adaptiveEntry.examples as [string, string, string];
compressorContract(topK);
compressorContract(stc);
compressorContract(qsgd, { draws: 60, headroom: 2 ** 10 });

const rng = Random.fromSeed(3);

function encoded(compressor: Compressor, x: Float32Array): Uint8Array {
  const codec = compressor.open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  return sink.written.slice();
}

test("a message is its notch, then what the family's compressor would send there", () => {
  const plain = ["top-k:0.1", "stc:0.1", "qsgd:levels=31,bucket=512,code=fixed"];
  const specs = ["adaptive:top-k,max=0.1,start=0.1", "adaptive:stc,max=0.1,start=0.1", "adaptive:qsgd,start=6"];
  const x = someVector("normal", 1000, rng);
  for (const [i, spec] of specs.entries()) {
    const compressor = parseCompressor(spec, "test");
    const message = encoded(compressor, x);
    assert.equal(message[0], compressor.dial?.position);
    assert.deepEqual(message.subarray(1), encoded(parseCompressor(plain[i]!, "test"), x), spec);
  }
});

test("whoever receives needs no dial: messages of all notches decode, and higher notches leave out less", () => {
  const receiver = parseCompressor(topK, "test").open(20_000);
  const sender = adaptive("top-k");
  const x = someVector("normal", 20_000, rng);
  const errors = sender.dial!.settings.map((_, notch) => {
    sender.dial!.position = notch;
    const out = new Float32Array(20_000);
    receiver.decode(new ByteSource(encoded(sender, x)), out, rng);
    return out.reduce((sum, value, i) => sum + (value - x[i]!) ** 2, 0);
  });
  for (const [i, error] of errors.slice(1).entries()) assert.ok(error < errors[i]!, `notch ${i + 1}`);
});

test("turned before every message, error feedback still loses nothing: Σ decoded + e = Σ x", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(15), fc.nat()), { minLength: 1, maxLength: 20 }), (turns) => {
      const compressor = adaptive("top-k", { min: 0.01, max: 0.5, start: 0.1 });
      const codec = compressor.open(64);
      let memory = { values: new Float32Array(64), scale: 0 };
      const sum = new Float64Array(64);
      for (const [notch, seed] of turns) {
        compressor.dial!.position = notch;
        const x = someVector("normal", 64, Random.fromSeed(seed));
        const sink = new ByteSink(codec.maxBytes);
        const tentative = { values: new Float32Array(64), scale: 0 };
        codec.encodeWithFeedback!(x, { settled: memory, tentative }, sink, rng);
        const out = new Float32Array(64);
        codec.decode(new ByteSource(sink.written), out, rng);
        for (let i = 0; i < 64; i++) sum[i]! += x[i]! - out[i]!;
        memory = tentative;
      }
      for (let i = 0; i < 64; i++) assert.ok(Math.abs(sum[i]! - memory.values[i]!) < 1e-4);
    }),
  );
});

test("a notch that is none is corrupt, and so is a message that stops after it", () => {
  const codec = parseCompressor(topK, "test").open(10);
  for (const message of [[16], [255, 0], [3], []]) {
    const out = new Float32Array(10);
    assert.throws(() => codec.decode(new ByteSource(Uint8Array.from(message)), out, rng), CorruptError);
  }
});

test("any bytes decode to finite entries or are refused", () => {
  fc.assert(
    fc.property(fc.constantFrom(topK, stc, qsgd), fc.uint8Array({ maxLength: 60 }), (spec, message) => {
      const out = new Float32Array(100);
      try {
        parseCompressor(spec, "test").open(100).decode(new ByteSource(message), out, rng);
      } catch (error) {
        assert.ok(error instanceof CorruptError, String(error));
      }
      assert.ok(out.every(Number.isFinite));
    }),
  );
});

test("auto is adaptive top-k, and options that make no range are refused by name", () => {
  assert.equal(parseCompressor("auto", "test").name, topK);
  assert.equal(parseCompressor("auto:qsgd", "test").name, qsgd);
  for (const [spec, complaint] of [
    ["auto:sign", /a family: top-k, stc, qsgd/],
    ["auto:min=0.02", /min ≤ start ≤ max/],
    ["auto:qsgd,max=40", /max: .*at most 12/],
    ["auto:max=1.5", /at most 1/],
  ] as const) {
    assert.throws(
      () => parseCompressor(spec, "--compressor"),
      (error) => error instanceof ConfigError && complaint.test(error.message),
      spec,
    );
  }
});

test("compressors of one spec have dials of their own", () => {
  const [a, b] = [adaptive("top-k"), adaptive("top-k")];
  a.dial!.position = 0;
  assert.notEqual(b.dial!.position, 0);
  fc.assert(
    fc.property(moderateVectors(100), (x) => {
      if (x.length > 0) assert.notEqual(encoded(a, x)[0], encoded(b, x)[0]);
    }),
    { numRuns: 10 },
  );
});
