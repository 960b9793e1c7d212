import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { adaptiveRandomSparsification } from "./adaptive-random-sparsification.ts";
import { compressorContract } from "./compressor.contract.ts";
import { measure } from "./law.contract.ts";

compressorContract("adaptive-random-sparsification", { draws: 100 });

const rng = Random.fromSeed(1);

test("of (3, −4, 0, 1) each goes with probability 3/8, 1/2, 0, 1/8, and the relative error is 0.5577", () => {
  const x = Float32Array.of(3, -4, 0, 1);
  const codec = adaptiveRandomSparsification().open(4);
  const counts = [0, 0, 0, 0];
  let energy = 0;
  const draws = 8000;
  for (let draw = 0; draw < draws; draw++) {
    const key = rng.split(`${draw}`);
    const sink = new ByteSink(codec.maxBytes);
    codec.encode(x, sink, key);
    const out = new Float32Array(4);
    codec.decode(new ByteSource(sink.written), out, key);
    const sent = [...out.keys()].filter((i) => out[i] !== 0);
    assert.equal(sent.length, 1);
    assert.equal(out[sent[0]!], x[sent[0]!]);
    counts[sent[0]!]! += 1;
    energy += out[sent[0]!]! ** 2 / draws;
  }
  const near = (value: number, expected: number, by: number) => assert.ok(Math.abs(value - expected) < by, `${value}`);
  assert.equal(counts[2], 0);
  near(counts[0]! / draws, 3 / 8, 0.027);
  near(counts[1]! / draws, 1 / 2, 0.028);
  near(counts[3]! / draws, 1 / 8, 0.0185);
  near(energy, 11.5, 0.28);
  const measured = measure(codec, x, rng, draws);
  near(measured.error / measured.energy, 0.557692, 0.011);
});

test("an entry of a late block is found, whatever zeros surround it", () => {
  const x = new Float32Array(20_000);
  x[13_579] = -(2 ** -149);
  const codec = adaptiveRandomSparsification().open(x.length);
  for (let draw = 0; draw < 20; draw++) {
    const sink = new ByteSink(codec.maxBytes);
    codec.encode(x, sink, rng.split(`${draw}`));
    const out = new Float32Array(x.length);
    codec.decode(new ByteSource(sink.written), out, rng);
    assert.deepEqual(out, x);
  }
});
