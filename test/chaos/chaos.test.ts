/**
 * A short run of chaos, through the real command: every kind of fault once, and no clock but that of detection.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { KINDS } from "../../scripts/chaos/faults.ts";
import { chaos } from "../../scripts/chaos/run.ts";

/** The faults of this seed are of all four kinds. */
const SEED = 1;

test("replicas stay equal while peers are killed, stopped and cut off, and all come back", {
  skip: process.platform !== "linux" && "it looks into /proc",
  timeout: 180_000,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "thinwire-chaos-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const report = await chaos({
    folder,
    peers: 3,
    seed: SEED,
    lostAfter: 3,
    evalEvery: 10,
    checkpointEvery: 10,
    job: ["--model", "softmax"],
    until: { faults: KINDS.length },
    every: 0,
    away: 0,
    measure: 0,
    say: (line) => t.diagnostic(line),
  });
  assert.deepEqual(report.faults, { kill: 1, stop: 1, reset: 1, silence: 1 });
  assert.deepEqual(report.differences, []);
  assert.deepEqual(report.failures, []);
  assert.ok(report.roundsCompared > 0, "checkpoints were compared");
});
