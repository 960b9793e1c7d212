import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import { measure } from "./law.contract.ts";
import { sparseLoco } from "./sparse-loco.ts";
import { stc } from "./stc.ts";
import { someVector } from "./vectors.contract.ts";

compressorContract("sparse-loco:chunk=4096,keep=64");
compressorContract("sparse-loco:chunk=32,keep=4");
compressorContract("sparse-loco:chunk=7,keep=7");

const rng = Random.fromSeed(1);

test("each chunk keeps its own largest, at the means of its lower and its upper magnitudes", () => {
  const x = Float32Array.of(1, -2, 0.1, 9, /**/ 0.3, 0.3, -0.3, 0.1, /**/ 0, 0, 0, 0, /**/ -5, 0);
  const codec = sparseLoco({ chunk: 4, keep: 3 }).open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  const out = new Float32Array(x.length);
  codec.decode(new ByteSource(sink.written), out, rng);
  const equal = Math.fround(0.3);
  assert.deepEqual([...out], [1.5, -1.5, 0, 9, equal, equal, -equal, 0, 0, 0, 0, 0, -5, 0]);
});

test("64 of 4096 take less than 0.17 bit an entry", () => {
  const x = someVector("normal", 200 * 4096, rng);
  const codec = sparseLoco().open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  const bits = (8 * sink.length) / x.length;
  assert.ok(bits < 0.17, `${bits}`);
});

test("two magnitudes are never worse than one", () => {
  for (const family of ["normal", "heavy-tailed", "many ties", "sparse"] as const) {
    const x = someVector(family, 4096, rng.split(family));
    const two = measure(sparseLoco().open(4096), x, rng, 1).error;
    const one = measure(stc(64 / 4096).open(4096), x, rng, 1).error;
    assert.ok(two <= one * (1 + 1e-6), `${family}: ${two} > ${one}`);
  }
});

test("more kept than there are, and parts of entries, are refused", () => {
  for (const options of [{ chunk: 8, keep: 9 }, { keep: 0 }, { chunk: 8.5, keep: 2 }, { chunk: 2 ** 40 }]) {
    assert.throws(() => sparseLoco(options), ConfigError);
  }
});
