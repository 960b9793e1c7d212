import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/random.ts";
import type { Compressor } from "../compressors/compressor.ts";
import { identity } from "../compressors/identity.ts";
import { scaledSign } from "../compressors/sign.ts";
import { topK } from "../compressors/top-k.ts";
import { someVector } from "../compressors/vectors.contract.ts";
import { channelContract } from "./channel.contract.ts";
import { difference } from "./difference.ts";

for (const compressor of [identity(), topK(3), scaledSign()]) channelContract(difference(compressor));
channelContract(difference(topK(3), { init: "full" }));

const rng = Random.fromSeed(1);
const [NODES, LENGTH] = [6, 10];

/** CHOCO gossip on a ring with weights of 1/3: each node hears its own copy and those of its neighbours. */
function gossip(compressor: Compressor, stepSize: number, rounds: number): Float64Array[] {
  const channel = difference(compressor);
  const senders = Array.from({ length: NODES }, () => channel.sender(LENGTH));
  const receivers = Array.from({ length: NODES }, () => channel.receiver(LENGTH));
  const copies = Array.from({ length: NODES }, () => new Float32Array(LENGTH));
  const x = Array.from({ length: NODES }, (_, i) => Float64Array.from(someVector("normal", LENGTH, rng.split(`${i}`))));
  for (let t = 0; t < rounds; t++) {
    for (let i = 0; i < NODES; i++) {
      receivers[i]!.decode(senders[i]!.encode(Float32Array.from(x[i]!), rng), copies[i]!, rng);
      for (const end of [senders[i]!, receivers[i]!]) end.commit();
    }
    for (let i = 0; i < NODES; i++) {
      const [left, right] = [copies[(i + NODES - 1) % NODES]!, copies[(i + 1) % NODES]!];
      for (let j = 0; j < LENGTH; j++) x[i]![j]! += (stepSize * (left[j]! + right[j]! - 2 * copies[i]![j]!)) / 3;
    }
  }
  return x;
}

const meanOf = (x: readonly Float64Array[]) => x[0]!.map((_, j) => x.reduce((sum, node) => sum + node[j]! / NODES, 0));
const apart = (x: readonly Float64Array[]) => {
  const mean = meanOf(x);
  return Math.hypot(...x.map((node) => Math.hypot(...node.map((value, j) => value - mean[j]!))));
};

test("gossip on the public copies keeps the mean and reaches it, also with a biased compressor", () => {
  const start = gossip(identity(), 1, 0);
  for (const [compressor, stepSize] of [
    [topK(2), 0.2],
    [scaledSign(), 0.3],
  ] as const) {
    const end = gossip(compressor, stepSize, 400);
    assert.ok(meanOf(end).every((value, j) => Math.abs(value - meanOf(start)[j]!) < 1e-5));
    assert.ok(apart(end) < 1e-4 * apart(start), `${apart(end)}`);
  }
});

test("uncompressed and with a full step it is plain gossip", () => {
  const [start, end] = [gossip(identity(), 1, 0), gossip(identity(), 1, 1)];
  for (let i = 0; i < NODES; i++) {
    for (let j = 0; j < LENGTH; j++) {
      const plain = (start[(i + NODES - 1) % NODES]![j]! + start[i]![j]! + start[(i + 1) % NODES]![j]!) / 3;
      assert.ok(Math.abs(end[i]![j]! - plain) < 1e-6);
    }
  }
});
