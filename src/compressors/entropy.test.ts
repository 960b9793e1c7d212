import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { unpackFixed } from "../coding/fixed-width.ts";
import { compressorContract } from "./compressor.contract.ts";
import { compressors, parseCompressor } from "./registry.ts";
import { someVector } from "./vectors.contract.ts";

compressorContract("natural:entropy=range", { draws: 64, floor: 2 ** -126 });

const rng = Random.fromSeed(6);
const parse = (spec: string) => parseCompressor(spec, "--compressor");

function message(spec: string, x: Float32Array): Uint8Array {
  const codec = parse(spec).open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  return sink.written;
}

test("what is decoded is what it would be without the coder", () => {
  const x = someVector("normal", 3000, rng);
  const [plain, coded] = [new Float32Array(3000), new Float32Array(3000)];
  parse("natural")
    .open(3000)
    .decode(new ByteSource(message("natural", x)), plain, rng);
  parse("natural:entropy=range")
    .open(3000)
    .decode(new ByteSource(message("natural:entropy=range", x)), coded, rng);
  assert.deepEqual(coded, plain);
});

test("a message that coding would not shorten is sent as it is, behind a 0", () => {
  const x = Float32Array.of(1, 100, 1e-9);
  assert.deepEqual([...message("natural:entropy=range", x)], [0, ...message("natural", x)]);
  assert.equal(message("natural:entropy=range", someVector("normal", 3000, rng))[0], 1);
});

test("the exponents of a Gaussian vector take less than 2 % above their empirical entropy", () => {
  const x = someVector("normal", 200_000, rng);
  const plain = message("natural", x);
  const bits = entropy(plain.subarray(0, x.length)) + 8 * (plain.length - x.length);
  const coded = 8 * message("natural:entropy=range", x).length;
  assert.ok(coded < 1.02 * bits && coded > 0.99 * bits, `${coded} bits, ${bits} of entropy`);
});

test("QSGD of 4 levels of a Gaussian vector takes less than 2 % above the empirical entropy of its levels", () => {
  for (const bucket of [64, 512, 4096, 100_000]) {
    const [spec, x] = [`qsgd:levels=4,bucket=${bucket},code=fixed`, someVector("normal", 100_000, rng)];
    const plain = message(spec, x);
    const norms = 4 * Math.ceil(x.length / bucket);
    const levels = new Uint8Array(x.length);
    unpackFixed(new ByteSource(plain.subarray(norms)), 4, levels);
    const bits = 8 * norms + entropy(levels);
    const coded = 8 * message(`${spec},entropy=range`, x).length;
    assert.ok(coded < 1.02 * bits, `${coded} bits, ${bits} of entropy`);
    assert.ok(coded > 0.99 * bits);
  }
});

test("QSGD that may choose its code gives the coder the fixed one", () => {
  assert.equal(parse("qsgd:entropy=range").name, "qsgd:levels=7,bucket=512,code=fixed,entropy=range");
  assert.throws(() => parse("qsgd:code=sparse,entropy=range"), ConfigError);
  assert.throws(() => parse("qsgd:levels=16383,entropy=range"), ConfigError);
});

test("compressors without symbols of a fixed width are refused", () => {
  assert.throws(() => parse("sign:entropy=range"), ConfigError);
  assert.throws(() => parse("top-k:0.1,entropy=range"), /fixed-width symbols/);
});

test("sections make up all of a message, of every compressor that has them", () => {
  for (const entry of compressors.values()) {
    for (const spec of entry.examples) {
      const compressor = parse(spec);
      if (compressor.sections === undefined) continue;
      const coded = parse(`${spec}${spec.includes(":") ? "," : ":"}entropy=range`);
      for (const length of [1, 7, 300, 5000]) {
        const x = someVector("normal", length, rng);
        const sink = new ByteSink(coded.open(length).maxBytes);
        coded.open(length).encode(x, sink, rng); // asserts that the sections' bytes are the message's
        const [plain, out] = [new Float32Array(length), new Float32Array(length)];
        compressor.open(length).decode(new ByteSource(message(spec, x)), plain, rng);
        coded.open(length).decode(new ByteSource(sink.written), out, rng);
        assert.deepEqual(out, plain, spec);
      }
    }
  }
});

/** Bits of the symbols under their own frequencies. */
function entropy(symbols: Uint8Array): number {
  const counts = new Float64Array(256);
  for (const symbol of symbols) counts[symbol]! += 1;
  return counts.reduce((sum, count) => sum + (count === 0 ? 0 : count * Math.log2(symbols.length / count)), 0);
}
