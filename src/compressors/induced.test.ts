import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, NonFiniteError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import { broken, measure } from "./law.contract.ts";
import { parseCompressor } from "./registry.ts";
import { someVector } from "./vectors.contract.ts";

compressorContract("induced:top-k:0.1,identity");
compressorContract("induced:top-k:0.1,natural", { draws: 60, floor: 2 ** -126 });
compressorContract("induced:sign,natural", { draws: 60, headroom: 4, floor: 2 ** -126 });
compressorContract("induced:(top-k:0.1+sign),natural", { draws: 60, headroom: 4, floor: 2 ** -126 });

const rng = Random.fromSeed(4);
const parse = (spec: string) => parseCompressor(spec, "--compressor");

function through(spec: string, x: Float32Array): { message: number[]; out: Float32Array } {
  const codec = parse(spec).open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  const out = new Float32Array(x.length);
  codec.decode(new ByteSource(sink.written), out, rng);
  return { message: [...sink.written], out };
}

test("top-1 of (3, 4) and the rest exactly is the vector: top-1's message, then that of the other entry", () => {
  const { message, out } = through("induced:top-k:1,identity", Float32Array.of(3, 4));
  assert.deepEqual(message, [...through("top-k:1", Float32Array.of(3, 4)).message, 0, 0, 0x40, 0x40]);
  assert.deepEqual(out, Float32Array.of(3, 4));
});

test("behind a compressor that is no sparsifier: a length, then both messages", () => {
  const { message, out } = through("induced:sign,identity", Float32Array.of(3, -4, 1));
  const first = through("sign", Float32Array.of(3, -4, 1));
  const residual = Float32Array.of(3, -4, 1).map((value, i) => value - first.out[i]!);
  assert.deepEqual(message, [5, ...first.message, ...through("identity", residual).message]);
  assert.ok(out.every((value, i) => Math.abs(value - [3, -4, 1][i]!) < 1e-6));
});

test("top-k and rand-k of the other entries: unbiased with ((d − k₁)/k₂ − 1)(1 − k₁/d)", () => {
  const compressor = parse("induced:top-k:40,rand-k:90");
  const { law } = compressor;
  const omega = (360 / 90 - 1) * 0.9;
  assert.ok(law.kind === "unbiased" && Math.abs(law.omega(400) - omega) < 1e-12);
  const x = someVector("heavy-tailed", 400, rng);
  const { error, bias, energy } = measure(compressor.open(400), x, rng, 2000);
  assert.ok(error / energy < omega && bias / energy < 4 * (omega / 2000));
  const flat = measure(compressor.open(400), new Float32Array(400).fill(1), rng, 50);
  assert.ok(Math.abs(flat.error / flat.energy - omega) < 0.01); // all magnitudes equal: the worst there is
});

test("after a sparsifier that keeps now more and now fewer, ω is that of all entries", () => {
  const x = someVector("normal", 200, rng);
  for (const biased of ["threshold:fraction=0.01", "biased-random-sparsification:p=0.1"]) {
    const compressor = parse(`induced:(${biased}),(linear-dithering:levels=1)`);
    assert.equal(broken(compressor.law, measure(compressor.open(200), x, rng, 200), 200, 200), undefined, biased);
    const { law } = compressor;
    assert.ok(law.kind === "unbiased" && law.omega(200) > 0.8 * Math.sqrt(200));
  }
});

test("the pair must be contractive and unbiased", () => {
  for (const spec of ["induced:natural,natural", "induced:identity,natural", "induced:(sign:scale=none),natural"]) {
    assert.throws(() => parse(spec), /a contractive compressor first/, spec);
  }
  assert.throws(() => parse("induced:sign,sign"), /an unbiased compressor for the rest/);
  assert.throws(() => parse("induced:sign,natural,sign"), ConfigError);
  assert.throws(() => parse("induced:sign,naturall"), /Did you mean natural\?/);
  assert.equal(parse("induced").name, "induced:top-k:0.01,natural");
});

test("induced compressors nest", () => {
  const spec = "induced:sign,(induced:(top-k:0.1+sign),natural)";
  assert.throws(() => parse(`induced:(${spec}),natural`), /contractive/);
  assert.equal(parse(spec).name, spec);
  assert.throws(() => parse(`${"induced:(".repeat(200)}sign`), /characters/);
});

test("a vector whose parts overflow when they are added again is refused, and nothing is written", () => {
  const codec = parse("induced:sign,rand-k:1").open(2);
  const sink = new ByteSink(codec.maxBytes);
  const out = new Float32Array(2);
  let refused = 0;
  for (let draw = 0; draw < 20; draw++) {
    const key = rng.split(`${draw}`);
    try {
      codec.encode(Float32Array.of(3e38, 1e38), sink.reset(), key); // of 2e38 ± 2e38, one is too much
    } catch (error) {
      assert.ok(error instanceof NonFiniteError);
      assert.equal(sink.length, 0);
      refused += 1;
      continue;
    }
    codec.decode(new ByteSource(sink.written), out, key);
    assert.ok(out.every(Number.isFinite));
  }
  assert.ok(refused > 0 && refused < 20);
});
