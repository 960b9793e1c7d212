import assert from "node:assert/strict";
import { test } from "node:test";
import { NonFiniteError, ShapeError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { identity } from "../compressors/identity.ts";
import { scaledSign } from "../compressors/sign.ts";
import { topK } from "../compressors/top-k.ts";
import { channelContract } from "./channel.contract.ts";
import { direct } from "./direct.ts";

for (const compressor of [identity(), scaledSign(), topK(3)]) channelContract(direct(compressor));

test("the same vector gives the same message in every round", () => {
  const sender = direct(topK(1)).sender(3);
  const rng = Random.fromSeed(1);
  const first = sender.encode(Float32Array.of(1, -3, 2), rng).slice();
  sender.commit();
  assert.deepEqual(sender.encode(Float32Array.of(1, -3, 2), rng), first);
});

test("what a sender lends is what it would encode, and it refuses the same vectors", () => {
  const rng = Random.fromSeed(1);
  const x = Float32Array.of(1, -3, 2);
  for (const compressor of [identity(), topK(1)]) {
    const sender = direct(compressor).sender(3);
    assert.deepEqual(sender.lend!(x, rng).slice(), sender.encode(x, rng).slice());
    assert.throws(() => sender.lend!(Float32Array.of(1, Number.NaN, 2), rng), NonFiniteError);
    assert.throws(() => sender.lend!(new Float32Array(4), rng), ShapeError);
  }
  assert.equal(direct(identity()).sender(3).lend!(x, rng).buffer, x.buffer);
});
