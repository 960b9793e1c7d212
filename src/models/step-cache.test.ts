import assert from "node:assert/strict";
import { test } from "node:test";
import { StepCache } from "./step-cache.ts";

/** A cache of steps that note when they are made and closed. */
function recorded(fails: (rows: number) => boolean = () => false) {
  const made: number[] = [];
  const closed: number[] = [];
  const cache = new StepCache(async (rows: number) => {
    made.push(rows);
    if (fails(rows)) throw new Error("cannot be made");
    return { rows, close: async () => void closed.push(rows) };
  });
  return { cache, made, closed };
}

test("a step is made once, also for calls that overlap", async () => {
  const { cache, made } = recorded();
  const rows = await Promise.all([8, 8, 4, 8].map((n) => cache.use(n, (step) => step.rows)));
  assert.deepEqual(
    [rows, made],
    [
      [8, 8, 4, 8],
      [8, 4],
    ],
  );
});

test("of many steps, the least recently used is closed, but never one in use", async () => {
  const { cache, closed } = recorded();
  let release = () => {};
  const held = cache.use(1, () => new Promise<void>((resolve) => (release = resolve)));
  for (const rows of [2, 3, 4, 5, 6, 2, 7, 8]) await cache.use(rows, () => {});
  assert.deepEqual(closed, [3, 4]);
  release();
  await held;
  await cache.use(9, () => {});
  assert.deepEqual(closed, [3, 4, 1]);
  await cache.close();
  assert.deepEqual(closed, [3, 4, 1, 5, 6, 2, 7, 8, 9]);
});

test("a step that cannot be made is tried again, and closing passes it over", async () => {
  let broken = true;
  const { cache, made, closed } = recorded(() => broken);
  await assert.rejects(
    cache.use(3, () => {}),
    /cannot be made/,
  );
  broken = false;
  await cache.use(3, () => {});
  await cache.close();
  assert.deepEqual([made, closed], [[3, 3], [3]]);
});
