import assert from "node:assert/strict";
import { test } from "node:test";
import { DeadlineError } from "../base/errors.ts";
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

test("before work is measured the core stands as idle as the virtual one has, up to 20 ms", async () => {
  const members = [0, 1].map(peerId);
  const view = { epoch: 0, members, workers: members };
  const rests: number[] = [];
  let now = 0;
  const realTime = () => {
    now += 0.25;
    return seconds(now);
  };
  await simulate(
    { view, seed: 1, cores: 2, realTime, rest: (time) => rests.push(Math.round(time * 1e6) / 1e6) },
    async (peer) => {
      await peer.work("fixed", seconds(peer.id === 0 ? 1 : 5), () => {});
      const silence = () => peer.receive(peerId(1), { kind: "test", round: 0 }, { deadline: seconds(0.003) });
      if (peer.id === 0) await assert.rejects(silence, DeadlineError);
      await peer.work("measured", undefined, () => {});
    },
  );
  // At 1.003 the first core, idle since 1; at 5 the same again, idle since 1.253.
  assert.deepEqual(rests, [0.003, 0.02]);
});

test("a machine has at least one core", () => {
  assert.throws(() => parseFaults('{"cores":0}', "test"), /test\.cores/);
});
