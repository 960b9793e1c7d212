import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/random.ts";
import { seconds } from "../base/units.ts";
import { peerId } from "../ports/view.ts";
import { conditionsOf } from "./conditions.ts";
import { parseFaults } from "./faults.ts";
import { unlimited } from "./link.ts";
import { simulate } from "./simulate.ts";

test("peers of one machine wait for its cores, first come, first served", async () => {
  const members = [0, 1, 2, 3, 4].map(peerId);
  const view = { epoch: 0, members, workers: members };
  const faults = parseFaults('{"cores":2}', "test");
  const conditions = conditionsOf(faults, { view, link: unlimited, rng: Random.fromSeed(1) });
  const { results } = await simulate({ ...conditions, view, seed: 1 }, async (peer) => {
    await peer.work("step", seconds(1 + peer.id), () => {});
    const first = peer.clock.now();
    await peer.work("free", seconds(0), () => {});
    return [first, peer.clock.now()];
  });
  // Core a: 1, then 3 until 4, then 5 until 9; core b: 2, then 4 until 6.
  assert.deepEqual(
    results,
    [1, 2, 4, 6, 9].map((time) => [time, time]),
  );
});

test("a machine has at least one core", () => {
  assert.throws(() => parseFaults('{"cores":0}', "test"), /test\.cores/);
});
