import assert from "node:assert/strict";
import { test } from "node:test";
import type { Settled } from "../channels/channel.ts";
import { settle } from "./settlement.ts";

function ends(log: string[]): Settled[] {
  return ["a", "b"].map((name) => ({
    commit: () => void log.push(`${name} commits`),
    rollback: () => void log.push(`${name} rolls back`),
    save: () => ({ shared: new Map(), private: new Map() }),
    restore: () => {},
  }));
}

test("every end commits when a round returns without a note", async () => {
  const log: string[] = [];
  assert.equal(await settle(ends(log), async () => 0), 0);
  assert.deepEqual(log, ["a commits", "b commits"]);
});

test("every end rolls back when a round returns a note", async () => {
  const log: string[] = [];
  assert.equal(await settle(ends(log), async () => 2), 2);
  assert.deepEqual(log, ["a rolls back", "b rolls back"]);
});

test("every end rolls back when a round fails, and the error passes", async () => {
  const log: string[] = [];
  const failure = new RangeError("lost");
  await assert.rejects(
    settle(ends(log), () => Promise.reject(failure)),
    (error) => error === failure,
  );
  assert.deepEqual(log, ["a rolls back", "b rolls back"]);
});
