import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError, CorruptError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSource } from "../coding/bytes.ts";
import { compressors, parseCompressor } from "./registry.ts";

const named = (text: string) => parseCompressor(text, "--compressor").name;

test("specs and aliases give their canonical names", () => {
  const table = [
    ["identity", "identity"],
    ["none", "identity"],
    ["sign", "sign"],
    ["scaled-sign", "sign"],
    ["sign:scale=mean", "sign"],
    ["sign:scale=none", "sign:scale=none"],
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
    ["top-k:0.01+sign", /one compressor.*Compositions cannot be given yet/],
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
