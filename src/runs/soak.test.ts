import assert from "node:assert/strict";
import { test } from "node:test";
import { seconds } from "../base/units.ts";
import { peerId } from "../ports/view.ts";
import { soak, soakSchedule } from "./testing/soak.ts";
import { type SoakMethod, soakMethods } from "./testing/soak-methods.ts";
import type { Schedule } from "./testing/soak-schedule.ts";

/** Of schedules that the tests draw; `npm run soak` draws more. */
const SEEDS = 600;

test("training keeps its laws while peers crash, leave and come back, by schedules drawn from seeds", async () => {
  const sums = { crashed: 0, returned: 0, undone: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const soaked = await soak(seed).catch((cause: unknown) => {
      throw new Error(`npm run soak -- --seed ${seed}    replays this schedule`, { cause });
    });
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += soaked[key];
  }
  for (const [what, count] of Object.entries(sums)) assert.ok(count > SEEDS / 10, `${what}: ${count}`);
});

/** Four peers on wires of 10 ms, of which one goes in the middle. */
const scheduleWith = (method: SoakMethod, crashes: Schedule["crashes"]): Schedule => ({
  seed: 1,
  method,
  workers: 4,
  ownServer: false,
  rounds: 12,
  shape: [4, 5],
  link: "10mbit/10ms",
  faults: {},
  crashes,
  stopAt: seconds(Number.POSITIVE_INFINITY),
});

test("a worker that is not told what was agreed before the server goes does not count a message that was undone", async () => {
  const method = soakMethods.find(({ sampling }) => sampling !== undefined)!;
  const crashes = [
    { peer: peerId(4), at: seconds(0.20502) },
    { peer: peerId(0), at: seconds(0.26792) },
  ];
  const schedule = {
    ...scheduleWith(method, crashes),
    workers: 5,
    ownServer: true,
    rounds: 14,
    shape: [3, 4] as const,
  };
  const { forgotten, undone } = await soakSchedule({
    ...schedule,
    seed: 2742,
    faults: { detection: "0ms", loss: 0.15 },
  });
  assert.ok(forgotten === 0 && undone > 0, `${undone} undone, ${forgotten} forgotten`);
});

for (const method of soakMethods) {
  const name = [method.recipe, method.up, method.down, method.aggregator]
    .filter((part) => part !== undefined)
    .join(", ");

  test(`${name}: goes on when rank 0 is gone for good`, async () => {
    const { ends, forgotten } = await soakSchedule(scheduleWith(method, [{ peer: peerId(0), at: seconds(0.0903) }]));
    assert.deepEqual([ends, forgotten], [3, 0]);
  });

  test(`${name}: takes back a peer that was gone`, async () => {
    const { ends, returned } = await soakSchedule(
      scheduleWith(method, [{ peer: peerId(2), at: seconds(0.0501), back: seconds(0.1) }]),
    );
    assert.deepEqual([ends, returned], [4, 1]);
  });

  for (const babbler of [0, 2]) {
    test(`${name}: goes on without peer ${babbler}, from which noise comes`, async () => {
      const { ends, crashed } = await soakSchedule({
        ...scheduleWith(method, []),
        babbler: { peer: peerId(babbler), round: 4 },
      });
      assert.deepEqual([ends, crashed], [3, 1]);
    });
  }

  // Where members may be absent, a member that is no server cannot tell.
  for (const braggart of method.recipe.includes("participation") ? [2] : [0, 2]) {
    test(`${name}: goes on without peer ${braggart}, which claims rounds that nobody made`, async () => {
      const { ends, crashed } = await soakSchedule({
        ...scheduleWith(method, [{ peer: peerId(1), at: seconds(0.0501) }]),
        braggart: peerId(braggart),
      });
      assert.deepEqual([ends, crashed], [2, 2]);
    });
  }

  if (method.serverless === true) continue;
  test(`${name}: a server without data that comes back hears the one that took its place`, async () => {
    const crashes = [{ peer: peerId(0), at: seconds(0.0501), back: seconds(0.1) }];
    const { ends, returned } = await soakSchedule({ ...scheduleWith(method, crashes), ownServer: true });
    assert.deepEqual([ends, returned], [5, 1]);
  });
}
