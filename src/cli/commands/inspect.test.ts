import assert from "node:assert/strict";
import { test } from "node:test";
import type { Inspection } from "../../runs/inspect.ts";
import { checkJob } from "../../runs/job.ts";
import { runCommandLine } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { FakeWorld, pretend, resultOf } from "../testing/fake-world.ts";

const job = checkJob({ rounds: "120" });
const inspection: Inspection = {
  path: "runs/a/checkpoints/round-000120",
  job,
  round: 120,
  paramsHash: "cd".repeat(32),
  parameters: 650,
  tensors: [
    { name: "weights", shape: [64, 10] },
    { name: "bias", shape: [10] },
  ],
  peers: [[{ name: "error", length: 650, norm: 0.25 }], [{ name: "error", length: 650, norm: 0 }]],
  result: resultOf(job, { accuracy: 0.5 }),
};

const inspected = async (...args: string[]) => {
  const world = new FakeWorld(pretend(), { inspect: async () => inspection });
  assert.equal(await runCommandLine(["inspect", "runs/a", ...args], world, "1.2.3"), EXIT.done);
  return world.out;
};

test("inspect tells round, options, result, tensors and what is still unsent", async () => {
  const { text, lines } = await inspected();
  assert.match(text, /after round 120 of 120/);
  assert.match(text, /--recipe double-squeeze .*--rounds 120/s);
  assert.match(text, /accuracy 50\.0 %/);
  assert.match(text, /^weights +64 x 10 +640$/m);
  assert.match(text, /^peer 0: error +650 +0\.250$/m);
  for (const line of lines) assert.ok(line.length <= 80, line);
});

test("--json prints the inspection itself", async () => {
  assert.deepEqual(JSON.parse((await inspected("--json")).text), JSON.parse(JSON.stringify(inspection)));
});
