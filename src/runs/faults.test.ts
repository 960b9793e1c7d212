import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CheckpointError } from "../base/errors.ts";
import { DeadlockError } from "../simulation/deadlock.ts";
import { checkJob, type JobOptions } from "./job.ts";
import { simulateJob } from "./simulate.ts";

const TINY: JobOptions = { model: "softmax", engine: "jax", rounds: "4", batch: "8", link: "20mbit/30ms" };
const jobWith = (faults: object) => checkJob({ ...TINY, faults: JSON.stringify(faults) });

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "thinwire-faults-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("faults cost time and bytes, change no parameter, and stand in the result", async () => {
  const ideal = await simulateJob(checkJob(TINY));
  const faults = { loss: 0.2, corrupt: 0.1, jitter: "exponential", stragglers: "0.25:5x", duplicate: 0.2 };
  const stormy = await simulateJob(jobWith(faults));
  assert.equal(stormy.paramsHash, ideal.paramsHash);
  assert.ok(stormy.seconds > 2 * ideal.seconds && stormy.bytesTotal > ideal.bytesTotal);
  assert.deepEqual([ideal.faults, stormy.faults], [null, faults]);
  const again = await simulateJob(jobWith(faults));
  assert.deepEqual([again.seconds, again.bytesTotal], [stormy.seconds, stormy.bytesTotal]);
});

test("whoever takes over from a rank 0 that is lost at the end judges the model that was judged, and the run ends with it", async () => {
  const endsWith = (at: string) => {
    const faults = JSON.stringify({ crashes: [{ peer: 0, at }], detection: "10ms" });
    return simulateJob(checkJob({ ...TINY, rounds: "20", lr: "0.3", evalEvery: "1", until: "loss=2.15", faults }));
  };
  const calm = await endsWith("1000s");
  assert.equal(calm.outcome, "target");
  const lost = await endsWith(`${calm.seconds - 0.05}s`);
  assert.deepEqual([lost.outcome, lost.rounds, lost.viewChanges], ["target", calm.rounds, 1]);
  assert.equal(lost.reachedTargetAtRound, calm.rounds);
  assert.equal(lost.paramsHash, calm.paramsHash);
  for (const { round, loss } of lost.curve) assert.equal(loss, calm.curve[round]!.loss, `loss after round ${round}`);
});

test("a trace is there whole after the run, also after one that failed", () =>
  inFolder(async (folder) => {
    const trace = join(folder, "deep", "trace.json");
    await simulateJob(checkJob(TINY), { trace });
    const { traceEvents } = JSON.parse(await readFile(trace, "utf8"));
    const names = new Set(traceEvents.map(({ name }: { name: string }) => name));
    for (const name of ["gradient", "encode", "decode", "wait", "to 0", "from 0"]) assert.ok(names.has(name), name);
    const silent = jobWith({ loss: 0.5, retransmit: false });
    await assert.rejects(simulateJob(silent, { trace }), DeadlockError);
    assert.match(await readFile(trace, "utf8"), /"lost"[\s\S]*"displayTimeUnit":"ms"\}\n$/);
    assert.deepEqual(await readdir(join(folder, "deep")), ["trace.json"]);
  }));

test("a trace that cannot be written is an error", async () => {
  await assert.rejects(simulateJob(checkJob(TINY), { trace: "/proc/thinwire/trace.json" }), CheckpointError);
});
