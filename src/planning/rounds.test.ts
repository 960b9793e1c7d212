import assert from "node:assert/strict";
import { test } from "node:test";
import { checkJob, type JobOptions } from "../runs/job.ts";
import { openJobModel, openSetting } from "../runs/setting.ts";
import { simulateJob } from "../runs/simulate.ts";
import { costOfRound, PARTS, type RoundCost } from "./rounds.ts";

async function costOf(options: JobOptions): Promise<RoundCost> {
  const job = checkJob({ model: "softmax", ...options });
  const { data, parts } = await openSetting(job, {}, false);
  const model = await openJobModel(job, data, () => {});
  try {
    return await costOfRound(job, { model, data, parts });
  } finally {
    await model.close();
  }
}

const near = (a: number, b: number) => assert.ok(Math.abs(a - b) <= 1e-9 + 1e-6 * b, `${a} and ${b}`);

/** Of the digits: 64 · 10 + 10. */
const D = 650;
const FRAME = 24;
const NOTE = 1;

test("sgd by two peers takes c + 2L + 2S/B, and each part of it is told", async () => {
  const { seconds, parts, bytes } = await costOf({ recipe: "sgd", peers: "2", link: "1mbit/30ms", compute: "5ms" });
  const message = 4 * D + FRAME + NOTE;
  assert.equal(bytes, 2 * message);
  near(seconds, 0.005 + 2 * 0.03 + (2 * 8 * message) / 1e6);
  near(parts.compute, 0.005);
  near(parts.latency, 0.06);
  near(parts["peers up"], (2 * 8 * message) / 1e6);
});

test("a server of many is named for its ports", async () => {
  const { seconds, parts } = await costOf({ recipe: "sgd", peers: "8", link: "1mbit/30ms" });
  const message = (8 * (4 * D + FRAME + NOTE)) / 1e6;
  assert.ok(parts["server up"] >= 6 * message);
  near(
    PARTS.reduce((sum, part) => sum + parts[part], 0),
    seconds,
  );
});

test("a ring of n takes 2(n − 1) latencies and 2(n − 1)/n of a vector through each port", async () => {
  const n = 5;
  const { seconds, parts } = await costOf({ recipe: "all-reduce-sgd:by=ring", peers: `${n}`, link: "1mbit/30ms" });
  near(parts.latency, 2 * (n - 1) * 0.03);
  const most = 8 * (4 * Math.ceil(D / n) + FRAME + NOTE);
  const wire = seconds - 0.005 - parts.latency;
  assert.ok(wire <= (2 * (n - 1) * most) / 1e6 + 1e-9 && wire > (1.95 * (n - 1) * most) / 1e6, `${wire}`);
});

test("local steps are all counted, and the parts come to the whole", async () => {
  for (const [recipe, steps] of [
    ["local-sgd:steps=7", 7],
    ["double-squeeze", 1],
    ["choco", 1],
    ["powersgd", 1],
  ] as const) {
    const { seconds, parts } = await costOf({ recipe, peers: "4", link: "none" });
    near(seconds, 0.005 * steps);
    near(
      PARTS.reduce((sum, part) => sum + parts[part], 0),
      seconds,
    );
  }
});

test("bytes are those of a run: within 2 % for messages that depend on the data, else exactly", async () => {
  for (const [options, slack] of [
    [{ recipe: "sgd" }, 0],
    [{ recipe: "double-squeeze", compressor: "sign" }, 0],
    [{ recipe: "double-squeeze", compressor: "top-k:0.1" }, 0.02],
  ] as const) {
    const job = { ...options, peers: "4", model: "softmax", rounds: "6" };
    const { bytes } = await costOf(job);
    const { bytesPerPeerPerRound } = await simulateJob(checkJob(job));
    assert.ok(
      Math.abs(bytes / 4 - bytesPerPeerPerRound) <= slack * bytesPerPeerPerRound,
      `${bytes / 4} ${bytesPerPeerPerRound}`,
    );
  }
});
