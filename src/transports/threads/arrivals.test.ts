import assert from "node:assert/strict";
import { test } from "node:test";
import { seconds } from "../../base/units.ts";
import { Arrivals } from "./arrivals.ts";
import { realTime } from "./clock.ts";

test("frames arrive in their order, none before its time, also while the program works", async () => {
  const arrivals = new Arrivals();
  const began = realTime();
  const seen: number[] = [];
  await new Promise<void>((resolve) => {
    for (const ms of [1, 4, 4, 6]) {
      const due = seconds(began + ms / 1000);
      arrivals.at(due, () => {
        assert.ok(realTime() >= due);
        seen.push(ms);
      });
    }
    arrivals.workBegins();
    arrivals.afterAll(resolve);
  });
  arrivals.workEnds();
  assert.deepEqual(seen, [1, 4, 4, 6]);
});

test("whoever looks finds what has come, without a turn of the event loop", () => {
  const arrivals = new Arrivals();
  const seen: string[] = [];
  arrivals.at(realTime(), () => seen.push("come"));
  arrivals.at(seconds(realTime() + 1e6), () => seen.push("on its way"));
  arrivals.afterAll(() => seen.push("behind it"));
  arrivals.look();
  arrivals.close();
  assert.deepEqual(seen, ["come"]);
});

test("where nothing is on its way, what comes behind it comes at once", () => {
  let happened = false;
  new Arrivals().afterAll(() => {
    happened = true;
  });
  assert.ok(happened);
});
