import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/random.ts";
import { ByteSink } from "../coding/bytes.ts";
import { compressorContract } from "./compressor.contract.ts";
import { measure } from "./law.contract.ts";
import { randomSparsification } from "./random-sparsification.ts";
import { someVector } from "./vectors.contract.ts";

compressorContract("biased-random-sparsification:p=0.1", { draws: 60 });
compressorContract("biased-random-sparsification:p=0.9", { draws: 60 });
compressorContract("biased-random-sparsification:p=1");

const rng = Random.fromSeed(1);

test("E‖C(x) − x‖² is (1 − p)‖x‖²", () => {
  const x = someVector("normal", 1000, rng);
  const { error, energy } = measure(randomSparsification(0.3).open(1000), x, rng, 400);
  assert.ok(Math.abs(error / energy - 0.7) < 0.01, `${error / energy}`);
});

test("entry i is kept where its draw is below p·2³², and only values travel", () => {
  const x = someVector("normal", 2000, rng);
  const codec = randomSparsification(0.1).open(2000);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  const kept = x.filter((_, i) => rng.u32(i) < 0.1 * 2 ** 32);
  assert.deepEqual(new Float32Array(sink.written.slice().buffer), kept);
  assert.ok(kept.length > 150 && kept.length < 250);
});
