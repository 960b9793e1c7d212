import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checkJob } from "../job.ts";
import { simulateJob } from "../simulate.ts";

const job = {
  model: "softmax",
  compressor: "adaptive:top-k,min=0.01,max=0.4,start=0.1",
  peers: "4",
  link: "200kbit",
  rounds: "30",
  seed: "2",
  faults: '{"groups":{"slow":{"peers":"2","link":"20kbit/200kbit/0ms"}}}',
};

for (const [recipe, down] of [
  ["double-squeeze"],
  ["all-reduce-sgd"],
  ["ef21", "top-k:0.1"],
  ["local-sgd:steps=2"],
  ["choco"],
] as const) {
  test(`${recipe}: rounds are shorter than with the dials where they start, the log tells why, and a seed replays it`, async () => {
    const out = mkdtempSync(join(tmpdir(), "thinwire-pacing-"));
    try {
      const adaptive = await simulateJob(checkJob({ ...job, recipe, ...(down && { down }) }), { out });
      const again = await simulateJob(checkJob({ ...job, recipe, ...(down && { down }) }));
      assert.equal(adaptive.paramsHash, again.paramsHash);
      const fixed = await simulateJob(checkJob({ ...job, recipe, compressor: "top-k:0.1", ...(down && { down }) }));
      assert.ok(adaptive.seconds < 0.6 * fixed.seconds, `${adaptive.seconds} and ${fixed.seconds}`);
      const events = readFileSync(join(out, "log.jsonl"), "utf8").trim().split("\n");
      const decided = events.map((line) => JSON.parse(line)).filter(({ event }) => event === "decided");
      assert.ok(decided.some(({ peer, from, to }) => peer === 2 && to < from));
    } finally {
      rmSync(out, { recursive: true });
    }
  });
}
