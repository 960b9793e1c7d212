import assert from "node:assert/strict";
import { test } from "node:test";
import { PeerLost } from "../base/errors.ts";
import { settle } from "./settlement.ts";

function memory(log: string[]): { commit(): void; rollback(): void } {
  return { commit: () => void log.push("commits"), rollback: () => void log.push("rolls back") };
}

test("memory commits when a round returns without a note", async () => {
  const log: string[] = [];
  assert.equal(await settle(memory(log), async () => 0), 0);
  assert.deepEqual(log, ["commits"]);
});

test("memory rolls back when a round returns a note", async () => {
  const log: string[] = [];
  assert.equal(await settle(memory(log), async () => 2), 2);
  assert.deepEqual(log, ["rolls back"]);
});

test("memory rolls back when a round fails, and the error passes", async () => {
  const log: string[] = [];
  const failure = new RangeError("lost");
  await assert.rejects(
    settle(memory(log), () => Promise.reject(failure)),
    (error) => error === failure,
  );
  assert.deepEqual(log, ["rolls back"]);
});

test("memory stays in flight when a peer is lost: others may have the result", async () => {
  const log: string[] = [];
  const lost = new PeerLost("test", { expected: "peer 1" });
  await assert.rejects(
    settle(memory(log), () => Promise.reject(lost)),
    (error) => error === lost,
  );
  assert.deepEqual(log, []);
});
