import assert from "node:assert/strict";
import { test } from "node:test";
import { CorruptError } from "../base/errors.ts";
import { draw, Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { bfloat16, stochasticBfloat16 } from "./bfloat16.ts";
import { compressorContract } from "./compressor.contract.ts";
import type { Compressor } from "./compressor.ts";
import { measure } from "./law.contract.ts";

// Subnormals lie 2⁻¹³³ apart; above the largest bfloat16 entries saturate.
compressorContract("bfloat16", { floor: 2 ** -134 });
compressorContract("bfloat16:rounding=stochastic", { draws: 64, floor: 2 ** -133, headroom: 2 });

const rng = Random.fromSeed(1);

function words(compressor: Compressor, x: Float32Array): number[] {
  const codec = compressor.open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  return [...new Uint16Array(sink.written.slice().buffer)];
}

function values(bits: Uint16Array): number[] {
  const out = new Float32Array(bits.length);
  bfloat16()
    .open(bits.length)
    .decode(new ByteSource(new Uint8Array(bits.buffer)), out, rng);
  return [...out];
}

test("entries round to the nearest bfloat16, in the middle to the even one, and saturate", () => {
  const x = Float32Array.of(1, 3.14159274, 0.1, 1.00390625, 1.01171875, 3.4028234e38, -3.4028234e38);
  const bits = [0x3f80, 0x4049, 0x3dcd, 0x3f80, 0x3f82, 0x7f7f, 0xff7f];
  assert.deepEqual(words(bfloat16(), x), bits);
  assert.deepEqual(values(Uint16Array.from(bits)), [
    1,
    3.140625,
    0.10009765625,
    1,
    1.015625,
    2 ** 128 - 2 ** 120,
    -(2 ** 128 - 2 ** 120),
  ]);
});

test("stochastic rounding goes up where the draw carries", () => {
  const x = new Float32Array(2000).fill(-(1 + 2 ** -7 / 4)); // a quarter of the way from 1 to the next bfloat16
  const got = words(stochasticBfloat16(), x);
  assert.deepEqual(
    got,
    Array.from(x, (_, i) => (draw(rng.k0, rng.k1, i) >>> 16 >= 0xc000 ? 0xbf81 : 0xbf80)),
  );
});

test("stochastic rounding in the middle of two values at 1 has the largest variance, 2⁻¹⁶", () => {
  const x = new Float32Array(50_000).fill(1 + 2 ** -8);
  const { error, energy } = measure(stochasticBfloat16().open(x.length), x, rng, 4);
  assert.ok(Math.abs((error / energy) * 2 ** 16 - 1) < 0.02); // 2⁻¹⁶ / (1 + 2⁻⁸)²
});

test("a word that is infinite or NaN is refused", () => {
  for (const word of [0x7f80, 0xff80, 0x7fff]) assert.throws(() => values(Uint16Array.of(0, word)), CorruptError);
});
