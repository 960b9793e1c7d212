import assert from "node:assert/strict";
import { test } from "node:test";
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
