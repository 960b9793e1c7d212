import assert from "node:assert/strict";
import { test } from "node:test";
import { seconds } from "../../base/units.ts";
import { Alarm } from "./alarm.ts";
import { realTime } from "./clock.ts";

/** Sets an alarm to each of the times in turn, and gives the time at which it rings. */
const ringOf = (times: (now: number) => readonly number[]): Promise<number> =>
  new Promise((resolve) => {
    const alarm = new Alarm(() => resolve(realTime()));
    for (const time of times(realTime())) alarm.set(seconds(time));
  });

test("an alarm rings when its time has come, never before", async () => {
  for (const delay of [0.005, 0.001, 0, -1]) {
    const due = realTime() + delay;
    assert.ok((await ringOf(() => [due])) >= due);
  }
});

test("the last time that is set counts", async () => {
  const later = realTime() + 0.01;
  assert.ok((await ringOf((now) => [now, now + 0.004, later])) >= later, "earlier ones do not ring");
  await ringOf((now) => [now + 1e6, Number.POSITIVE_INFINITY, now]);
});
