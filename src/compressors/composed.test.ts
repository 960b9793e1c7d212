import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, NonFiniteError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { composed } from "./composed.ts";
import { compressorContract } from "./compressor.contract.ts";
import { measure } from "./law.contract.ts";
import { parseCompressor } from "./registry.ts";
import { someVector } from "./vectors.contract.ts";

compressorContract("top-k:0.1+sign");
compressorContract("top-k:0.1+identity");
compressorContract("top-k:0.3+natural", { draws: 60, floor: 2 ** -126 });
compressorContract("top-k:0.5+top-k:0.5+sign");
compressorContract("threshold:tau=0.5+natural");
compressorContract("rand-k:0.25,scale=none+sign", { draws: 60 });

const rng = Random.fromSeed(3);
const parse = (spec: string) => parseCompressor(spec, "--compressor");

function through(spec: string, x: Float32Array): { message: number[]; out: number[] } {
  const codec = parse(spec).open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  const out = new Float32Array(x.length);
  codec.decode(new ByteSource(sink.written), out, rng);
  return { message: [...sink.written], out: [...out] };
}

test("sign of the values that top-k keeps: positions, then the message of sign", () => {
  const { message, out } = through("top-k:2+sign", Float32Array.of(1, -2, 0.5, 4));
  assert.deepEqual(out, [0, -3, 0, 3]);
  const positions = through("top-k:2", Float32Array.of(1, -2, 0.5, 4)).message.slice(0, -8);
  assert.deepEqual(message, [...positions, 0b10, 0, 0, 0x40, 0x40]);
});

test("a vector with fewer entries than are kept is sent under its true count", () => {
  const { out } = through("top-k:3+sign", Float32Array.of(0, -2, 0, 0));
  assert.deepEqual(out, [0, -2, 0, 0]);
  assert.deepEqual(through("top-k:3+sign", new Float32Array(4)), { message: [0], out: [0, 0, 0, 0] });
});

test("fewer values than are kept may take a longer message", () => {
  const x = Float32Array.from({ length: 100 }, (_, i) => (i < 15 ? i + 1 : 0));
  const { out } = through("top-k:16+cgx:bits=1,bucket=16", x); // cgx sends 15 entries as they are
  const { law } = parse("cgx:bits=1,bucket=16");
  const scale = law.kind === "unbiased" ? Math.fround(1 / (1 + law.omega(16))) : Number.NaN;
  assert.deepEqual(out, [...x.map((value) => value * scale)]);
});

test("natural after an unbiased rand-k of a quarter takes ω = 3 + 1/8 + 3/8", () => {
  const { law } = parse("rand-k:0.25+natural");
  assert.equal(law.kind === "unbiased" && law.omega(400), 3.5);
  const x = someVector("normal", 400, rng);
  const { error, bias, energy } = measure(parse("rand-k:0.25+natural").open(400), x, rng, 2000);
  assert.ok(error / energy < 3.5 && error / energy > 3.05);
  assert.ok(bias / energy < 4 * (3.5 / 2000));
});

test("contractive constants multiply; an unbiased second is scaled by 1/(1 + ω)", () => {
  const delta = (spec: string, length: number) => {
    const { law } = parse(spec);
    return law.kind === "contractive" ? law.delta(length) : Number.NaN;
  };
  assert.equal(delta("top-k:0.1+sign", 1000), 0.1 / 100);
  assert.equal(delta("top-k:0.1+natural", 1000), 0.1 / (9 / 8));
  assert.equal(delta("top-k:0.1+identity", 1000), 0.1);
  assert.equal(parse("top-k:0.1+sign:scale=none").law.kind, "none");
  const powers = new Set([1, 2, 4].map((power) => Math.fround(8 / 9) * power));
  assert.ok(through("top-k:2+natural", Float32Array.of(1, 3, 1.5)).out.every((v) => v === 0 || powers.has(v)));
});

test("top-k with natural dithering of many levels tends to δ = (k/d)·8/9; with k = d it is the dithering, scaled", () => {
  const many = parse("top-k:0.1+natural-dithering:levels=60").law;
  assert.ok(many.kind === "contractive" && Math.abs(many.delta(1000) - 0.1 * (8 / 9)) < 1e-9);
  const x = someVector("normal", 50, rng);
  const { law } = parse("natural-dithering:levels=4");
  const scale = law.kind === "unbiased" ? Math.fround(1 / (1 + law.omega(50))) : Number.NaN;
  const dithered = new Float32Array(50);
  const codec = parse("natural-dithering:levels=4").open(50);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng.split("then"));
  codec.decode(new ByteSource(sink.written), dithered, rng);
  assert.deepEqual(
    through("top-k:1.0+natural-dithering:levels=4", x).out,
    [...dithered.map((value) => value * scale)].map((value) => value + 0),
  );
});

test("positions that both ends draw cost nothing", () => {
  const x = someVector("normal", 1000, rng);
  const plain = parse("sign").open(100);
  assert.equal(through("rand-k:0.1,scale=none+sign", x).message.length, plain.maxBytes);
});

test("two unbiased roundings follow each other, and only the second travels", () => {
  const pair = parse("natural+natural");
  assert.equal(pair.law.kind === "unbiased" && pair.law.omega(9), (9 / 8) ** 2 - 1);
  const x = someVector("normal", 50, rng);
  const { error, bias, energy } = measure(pair.open(50), x, rng, 2000);
  assert.ok(error / energy <= (9 / 8) ** 2 - 1 && bias / energy < 0.001);
  assert.equal(pair.open(50).maxBytes, parse("natural").open(50).maxBytes);
});

test("a plus in a number or within parentheses does not compose", () => {
  assert.equal(parse("top-k:1e+0+sign").name, "top-k:1.0+sign");
  assert.equal(parse("induced:(top-k:0.1+sign),natural").name, "induced:(top-k:0.1+sign),natural");
  assert.equal(parse("top-k:0.1 + sign").name, "top-k:0.1+sign");
});

test("pairs without a meaning are refused, with what to do instead", () => {
  const complaints: readonly (readonly [string, RegExp])[] = [
    ["sign+top-k:0.1", /keeps some entries.*Try top-k:0.1\+sign\./],
    ["sign+natural", /before the \+/],
    ["identity+sign", /before the \+/],
    ["rand-k:0.1+sign", /an unbiased compressor after an unbiased one/],
    ["top-k:0.1+", /a number/],
    ["+sign", /a name such as/],
    ["top-k:0.1+signn", /Did you mean sign\?/],
  ];
  for (const [text, message] of complaints) {
    assert.throws(
      () => parse(text),
      (error) => error instanceof ConfigError && message.test(error.message),
      text,
    );
  }
});

test("when the second compressor refuses the values, nothing is written", () => {
  const picky = composed(
    parse("top-k:2"),
    {
      ...parse("identity"),
      open: (length) => ({
        ...parse("identity").open(length),
        encode() {
          throw new NonFiniteError("picky", { expected: "a norm that does not overflow" });
        },
      }),
    },
    "test",
  );
  const codec = picky.open(3);
  const sink = new ByteSink(codec.maxBytes + 1).u8(7);
  assert.throws(() => codec.encode(Float32Array.of(1, 2, 3), sink, rng), NonFiniteError);
  assert.deepEqual([...sink.written], [7]);
});
