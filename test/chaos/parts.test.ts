import assert from "node:assert/strict";
import { test } from "node:test";
import { grows, MemoryWatch } from "../../scripts/chaos/memory.ts";
import { Front } from "../../scripts/chaos/pace.ts";
import { Replicas } from "../../scripts/chaos/replicas.ts";

test("two peers that differ in a round are named, and rounds that one alone has done are not counted", () => {
  const replicas = new Replicas();
  for (const [name, round, hash] of [
    ["a", 10, "x"],
    ["b", 10, "x"],
    ["a", 20, "y"],
    ["c", 10, "z"],
  ] as const) {
    replicas.note(name, round, hash);
  }
  assert.equal(replicas.compared, 1);
  assert.deepEqual(replicas.differences, ["round 10: a,b had x, c z"]);
});

test("the pace goes by straight lines between reports, and a peer that is behind does not hold back the front", () => {
  const front = new Front();
  for (const [at, round] of [
    [0, 0],
    [1000, 100],
    [1500, 50],
    [3000, 200],
  ] as const) {
    front.advance({ at, round });
  }
  assert.equal(front.roundAt(2000), 150);
  assert.equal(front.rate(1000, 3000), 50);
  assert.equal(front.longestPause(0, 3000), 2000);
});

test("a process whose memory keeps growing is told from one that is level after its start", () => {
  const watch = new MemoryWatch();
  for (let i = 0; i < 60; i++) {
    watch.note("leaks", 0, 5000 * i, 100 + 4 * i);
    watch.note("level", 0, 5000 * i, Math.min(200, 100 + 20 * i));
  }
  assert.deepEqual(
    watch.growth().map((life) => [life.peer, grows(life)]),
    [
      ["leaks", true],
      ["level", false],
    ],
  );
  assert.equal(watch.peak, 336);
});
