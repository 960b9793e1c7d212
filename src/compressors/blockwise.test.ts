import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, CorruptError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { blockwise, blockwiseEntry } from "./blockwise.ts";
import { compressorContract } from "./compressor.contract.ts";
import type { Compressor } from "./compressor.ts";
import { measure } from "./law.contract.ts";
import { parseCompressor } from "./registry.ts";
import { someVector } from "./vectors.contract.ts";

const { fround } = Math;
const rng = Random.fromSeed(1);

for (const spec of blockwiseEntry.examples) compressorContract(spec, { draws: spec.includes("stochastic") ? 40 : 1 });
compressorContract("blockwise:bits=4,block=8");

function through(compressor: Compressor, x: Float32Array): { message: Uint8Array; out: Float32Array } {
  const codec = compressor.open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  const out = new Float32Array(x.length);
  codec.decode(new ByteSource(sink.written), out, rng);
  return { message: sink.written, out };
}

const deltaOf = ({ law }: Compressor): number => (law.kind === "contractive" ? law.delta(1 << 20) : Number.NaN);
const omegaOf = ({ law }: Compressor): number => (law.kind === "unbiased" ? law.omega(1 << 20) : Number.NaN);

test("(0.5, −1, 0.25, 0.1) in 8 bits is (64, −127, 32, 13) steps of 1/127", () => {
  const { message, out } = through(blockwise(), Float32Array.of(0.5, -1, 0.25, 0.1));
  assert.deepEqual([...message.subarray(4)], [64 + 127, 0, 32 + 127, 13 + 127]);
  const step = fround(1 / 127);
  assert.deepEqual(
    out,
    Float32Array.from([64, -127, 32, 13], (q) => fround(q * step)),
  );
});

test("specs give their canonical names", () => {
  const table = [
    ["blockwise", "blockwise:bits=8,block=256"],
    ["blockwise:bits=4", "blockwise:bits=4,block=64"],
    ["blockwise:rounding=nearest,range=symmetric,block=64", "blockwise:bits=8,block=64"],
    ["blockwise:rounding=stochastic,range=affine", "blockwise:bits=8,block=256,range=affine,rounding=stochastic"],
    ["blockwise:range=bagua", "blockwise:bits=8,block=256,range=bagua"],
  ] as const;
  for (const [text, name] of table) assert.equal(parseCompressor(text, "test").name, name);
});

test("bad options are refused", () => {
  for (const text of ["bits=5", "block=12", "block=0", "block=32768", "range=all", "rounding=up", "8"]) {
    assert.throws(() => parseCompressor(`blockwise:${text}`, "test"), ConfigError, text);
  }
  assert.throws(() => parseCompressor("blockwise:range=bagua,bits=4", "test"), ConfigError);
});

test("1 − δ is B/(4M²): 0.00397 for 8 bits in blocks of 256, 0.3265 for 4 bits in blocks of 64", () => {
  assert.ok(Math.abs(1 - deltaOf(blockwise()) - 0.00397) < 1e-5);
  assert.ok(Math.abs(1 - deltaOf(blockwise({ bits: 4 })) - 0.3265) < 1e-4);
  assert.equal(omegaOf(blockwise({ bits: 4, rounding: "stochastic" })), 64 / (4 * 49));
});

test("a block longer than 4M² still keeps 1/B, for its largest entry is exact", () => {
  assert.equal(deltaOf(blockwise({ bits: 4, block: 1024 })), 1 / 1024);
  const x = Float32Array.from({ length: 1024 }, (_, i) => (i === 77 ? 14 : 1.0001)); // all just above half a step
  const { error, energy } = measure(blockwise({ bits: 4, block: 1024 }).open(1024), x, rng, 1);
  assert.ok(error / energy <= 1 - 1 / 1024);
  assert.equal(through(blockwise({ bits: 4, block: 1024 }), x).out[77], 14);
});

test("the largest entry of each block comes back, whatever the other blocks hold", () => {
  const x = someVector("heavy-tailed", 1000, rng);
  const { out } = through(blockwise({ bits: 4 }), x);
  for (let start = 0; start < 1000; start += 64) {
    const block = x.subarray(start, start + 64);
    const most = block.reduce((best, value, i) => (Math.abs(value) > Math.abs(block[best]!) ? i : best), 0);
    assert.ok(Math.abs(out[start + most]! - block[most]!) <= 2 ** -22 * Math.abs(block[most]!));
  }
});

test("an affine block holds its ends and spends no codes outside its range", () => {
  const x = Float32Array.of(100, 101, 103, 107, 115);
  const { out } = through(blockwise({ bits: 4, range: "affine" }), x);
  assert.deepEqual(out, x);
});

test("integers survive their symmetric grid at random rounding", () => {
  const x = Float32Array.of(7, -3, 0, -7, 1, 5);
  assert.deepEqual(through(blockwise({ bits: 4, rounding: "stochastic" }), x).out, x);
});

test("a step that is negative, −0 or not finite is refused, and so are unused bits that are set", () => {
  const codec = blockwise({ bits: 4 }).open(3);
  const message = (step: number, last: number) => new ByteSink(6).f32(step).u8(0x77).u8(last).written;
  const decode = (bytes: Uint8Array) => codec.decode(new ByteSource(bytes), new Float32Array(3), rng);
  decode(message(0.5, 0x07));
  for (const step of [-1, -0, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => decode(message(step, 0x07)), CorruptError, String(step));
  }
  assert.throws(() => decode(message(0.5, 0x17)), CorruptError);
});

test("BAGUA's grid: 255 steps between whole multiples of 1/scale", () => {
  const x = Float32Array.of(0, 1, 0.5, -1);
  const { message, out } = through(parseCompressor("blockwise:range=bagua", "test"), x);
  const view = new DataView(message.buffer, message.byteOffset);
  assert.deepEqual([view.getFloat32(0, true), view.getFloat32(4, true)], [-1, 1]);
  // scale = 255/2.0000001 = 127.49999…, upper = round(127.49999…) = 127, lower = −128.
  assert.deepEqual([...message.subarray(8)], [128, 255, 192, 1]);
  const scale = 255 / (2 + 1e-7);
  assert.deepEqual(
    out,
    Float32Array.from([0, 127, 64, -127], (level) => level / scale),
  );
});

test("BAGUA's grid swallows a block whose range is far below 10⁻⁷, as BAGUA's does", () => {
  const { out } = through(parseCompressor("blockwise:range=bagua", "test"), Float32Array.of(1e-12, -1e-12));
  assert.deepEqual(out, Float32Array.of(0, 0));
});
