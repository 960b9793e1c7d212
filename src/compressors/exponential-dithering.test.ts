import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import type { Compressor } from "./compressor.ts";
import { naturalDithering } from "./exponential-dithering.ts";
import { measure } from "./law.contract.ts";
import { linearDithering } from "./linear-dithering.ts";
import { parseCompressor } from "./registry.ts";
import { someVector } from "./vectors.contract.ts";

const random = { draws: 60, headroom: 2 ** 8 }; // a norm overflows before its entries do
compressorContract("natural-dithering:levels=4", random);
compressorContract("natural-dithering:levels=7,norm=max", random);
compressorContract("exponential-dithering:base=1.5,levels=6", random);

const rng = Random.fromSeed(1);

/** How often each value of entry `at` comes out, as a share. */
function shares(compressor: Compressor, x: Float32Array, at: number, draws: number): Map<number, number> {
  const counts = new Map<number, number>();
  const codec = compressor.open(x.length);
  const out = new Float32Array(x.length);
  for (let i = 0; i < draws; i++) {
    const sink = new ByteSink(codec.maxBytes);
    codec.encode(x, sink, rng.split(`${i}`));
    codec.decode(new ByteSource(sink.written), out, rng);
    counts.set(out[at]!, (counts.get(out[at]!) ?? 0) + 1 / draws);
  }
  return counts;
}

function relativeVariance(compressor: Compressor, x: Float32Array, draws: number): number {
  const { error, energy } = measure(compressor.open(x.length), x, rng, draws);
  return error / energy;
}

const close = (got: number | undefined, want: number, tolerance: number, what = "") =>
  assert.ok(got !== undefined && Math.abs(got - want) <= tolerance * want, `${what} ${got}, not ${want}`);

test("shares of the norm go to the two nearest powers of a half as often as they should", () => {
  const x = Float32Array.of(1, -0.3, 0.05);
  const four = naturalDithering({ levels: 4, norm: "max" });
  const largest = shares(four, x, 0, 100);
  assert.deepEqual([...largest.keys()], [1]);
  const second = shares(four, x, 1, 10_000);
  close(second.get(-0.25), 0.8, 0.03);
  close(second.get(-0.5), 0.2, 0.08);
  const third = shares(four, x, 2, 10_000);
  close(third.get(0.125), 0.4, 0.05);
  close(third.get(0), 0.6, 0.05);
});

test("(3, −4) at three levels takes a relative variance of 0.1, under a bound of 0.25", () => {
  const three = naturalDithering({ levels: 3, norm: "l2" });
  close(relativeVariance(three, Float32Array.of(3, -4), 10_000), 0.1, 0.05);
  assert.ok(three.law.kind === "unbiased" && Math.abs(three.law.omega(2) - 0.25) < 1e-12);
});

test("normal vectors take the published relative variances: natural, linear, linear with 2^(s−1) levels", () => {
  const x = someVector("normal", 1000, rng);
  for (const [levels, natural, linear, fine] of [
    [1, 24.1, 24.1, 24.1],
    [3, 5.27, 7.35, 5.27],
    [5, 0.646, 4.01, 0.646],
    [6, 0.176, 3.18, 0.16],
    [8, 0.082, 2.13, 0.01],
  ] as const) {
    const what = `s = ${levels}`;
    const measured = relativeVariance(naturalDithering({ levels, norm: "l2" }), x, 150);
    const reference = relativeVariance(linearDithering({ levels: 2 ** (levels - 1), norm: "l2" }), x, 150);
    close(measured, natural, 0.06, what);
    close(relativeVariance(linearDithering({ levels, norm: "l2" }), x, 150), linear, 0.06, what);
    close(reference, fine, 0.06, what);
    assert.ok(1 + measured <= (9 / 8) * (1 + reference) * 1.05, what);
  }
});

test("base 2 is natural dithering under another name", () => {
  const x = someVector("heavy-tailed", 500, rng);
  const message = (spec: string) => {
    const codec = parseCompressor(spec, "test").open(x.length);
    const sink = new ByteSink(codec.maxBytes);
    codec.encode(x, sink, rng);
    return sink.written;
  };
  assert.deepEqual(message("exponential-dithering:base=2,levels=5"), message("natural-dithering:levels=5"));
});
