import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError, CorruptError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { measure } from "./law.contract.ts";
import { compressors, parseCompressor } from "./registry.ts";
import { someVector } from "./vectors.contract.ts";

const named = (text: string) => parseCompressor(text, "--compressor").name;

test("specs and aliases give their canonical names", () => {
  const table = [
    ["identity", "identity"],
    ["none", "identity"],
    ["sign", "sign"],
    ["scaled-sign", "sign"],
    ["sign:scale=mean", "sign"],
    ["sign:scale=none", "sign:scale=none"],
    ["sign:per=vector", "sign"],
    ["sign:per=block", "sign:per=block,block=4096"],
    ["sign:block=64", "sign:per=block,block=64"],
    ["one-bit:per=tensor", "one-bit:per=tensor"],
    ["natural:entropy=none", "natural"],
    ["natural:entropy=range", "natural:entropy=range"],
    ["f16", "float16"],
    ["bf16:rounding=nearest", "bfloat16"],
    ["exponential-rounding", "exponential-rounding:base=2"],
    ["biased-exponential-rounding:base=4.0", "biased-exponential-rounding:base=4"],
    ["top-k", "top-k:0.01"],
    ["top-k:0.010", "top-k:0.01"],
    ["top-k:1e-3", "top-k:0.001"],
    ["top-k:32", "top-k:32"],
    ["top-k:1", "top-k:1"],
    ["top-k:1.0", "top-k:1.0"],
  ] as const;
  for (const [text, name] of table) assert.equal(named(text), name);
});

test("every entry's own name is a spec", () => {
  for (const name of compressors.keys()) assert.ok(named(name).startsWith(name));
});

test("no compressor is nearer to a Gaussian vector than its bits allow: error · 4^(bits/d) ≥ 1", () => {
  const length = 4000;
  const rng = Random.fromSeed(9);
  const x = someVector("normal", length, rng);
  for (const entry of compressors.values()) {
    for (const spec of entry.examples) {
      const codec = parseCompressor(spec, "example").open(length);
      const sink = new ByteSink(codec.maxBytes);
      codec.encode(x, sink, rng);
      const { error, energy } = measure(codec, x, rng, 1);
      const bits = (8 * sink.length) / length;
      if (bits < 24) assert.ok((error / energy) * 4 ** bits > 0.9, `${spec}: ${error / energy} at ${bits} bits`);
    }
  }
});

test("a bad spec names the option and what was expected", () => {
  const complaints: readonly (readonly [string, RegExp])[] = [
    ["topk:0.01", /^--compressor: .*Did you mean top-k\?/],
    ["signn", /Did you mean sign\?/],
    ["top-k:0", /at least 1/],
    ["top-k:1.5", /at most 1/],
    ["top-k:0.0", /above 0/],
    ["top-k:many", /a number/],
    ["top-k:1,2", /at most 1 plain argument/],
    ["top-k:k=3", /no named argument/],
    ["sign:scale=max", /scale=mean or scale=none/],
    ["sign:scal=none", /Did you mean scale\?/],
    ["identity:3", /at most 0/],
    ["sign:entropy=range", /fixed-width symbols/],
    ["natural:entropy=huffman", /entropy=range or entropy=none/],
    ["sign:per=layer", /per=tensor/],
    ["sign:per=tensor,block=3", /block=… with per=block/],
    ["sign:scale=none,per=tensor", /groups only with a scale/],
    [`sign:${"x".repeat(2000)}`, /at most 1000 characters/],
  ];
  for (const [text, message] of complaints) {
    assert.throws(
      () => named(text),
      (error) => error instanceof ConfigError && message.test(error.message),
      text,
    );
  }
});

interface Saved {
  readonly why: string;
  readonly spec: string;
  readonly length: number;
  readonly hex: string;
  readonly corrupt: boolean;
}

const corpus = join(import.meta.dirname, "../../test/corpus/compressors");

test("each saved message decodes, or is refused, as it was when it was saved", () => {
  for (const file of readdirSync(corpus)) {
    const saved: readonly Saved[] = JSON.parse(readFileSync(join(corpus, file), "utf8"));
    for (const { why, spec, length, hex, corrupt } of saved) {
      const decode = () => {
        const out = new Float32Array(length);
        const source = new ByteSource(Buffer.from(hex, "hex"));
        parseCompressor(spec, "corpus").open(length).decode(source, out, Random.fromSeed(0));
        assert.ok(out.every(Number.isFinite), why);
      };
      if (corrupt) assert.throws(decode, CorruptError, why);
      else decode();
    }
  }
});
