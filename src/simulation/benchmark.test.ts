import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes } from "../base/units.ts";
import { benchSimulation } from "./benchmark.ts";

test("the benchmark counts two messages for each worker and round, and its virtual time is that of one star", async () => {
  const row = await benchSimulation({ peers: 5, rounds: 1, bodyBytes: bytes(976) });
  assert.equal(row.messages, 8);
  assert.ok(row.messagesPerSecond > 0 && row.seconds > 0);
  const transfers = ((4 + 1) * 8 * 1000) / 20e6; // the last of four sets out, and comes back
  assert.ok(Math.abs(row.virtualSeconds - (0.06 + transfers)) < 1e-12);
});

test("in a gossip each peer sends its vector once a round, and the seed alone decides what peers hold in the end", async () => {
  const options = { pattern: "gossip", peers: 5, rounds: 3, entries: 1000 } as const;
  const row = await benchSimulation(options);
  assert.deepEqual([row.messages, row.bodyBytes], [15, 4001]);
  const transfer = (8 * (24 + 4001)) / 20e6;
  assert.ok(Math.abs(row.virtualSeconds - 3 * (0.03 + transfer)) < 1e-12);
  assert.equal((await benchSimulation(options)).checksum, row.checksum);
  assert.notEqual((await benchSimulation({ ...options, seed: 2 })).checksum, row.checksum);
});
