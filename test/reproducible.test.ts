/**
 * Whole runs: the same job in the simulator and on worker threads, stopped and continued, diverging and interrupted.
 */
import assert from "node:assert/strict";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CheckpointError, ConfigError } from "../src/base/errors.ts";
import { readCheckpoint } from "../src/runs/checkpoint.ts";
import { checkJob, type Job, type JobOptions } from "../src/runs/job.ts";
import type { RunControls, RunResult } from "../src/runs/result.ts";
import { simulateJob } from "../src/runs/simulate.ts";
import { train } from "../src/runs/train.ts";
import { withFolder } from "./folder.ts";

const small: JobOptions = { model: "softmax", rounds: "12", evalEvery: "4", batch: "16", seed: "3" };

const variants: readonly [string, JobOptions][] = [
  ["sgd", { recipe: "sgd" }],
  ["double-squeeze with top-k", { compressor: "top-k:0.05" }],
  ["double-squeeze with sign and a server of its own", { compressor: "sign", server: "own" }],
  ["double-squeeze with momentum after the average", { compressor: "top-k:0.2", momentum: "0.5@server" }],
  ["an MLP on skewed data", { model: "mlp:24", partition: "dirichlet:0.5", compressor: "top-k:0.05" }],
];

for (const [name, options] of variants) {
  test(`${name}: worker threads give the same parameters and bytes as the simulator, bit for bit`, async () => {
    const job = checkJob({ ...small, ...options });
    const simulated = await simulateJob(job);
    const trained = await train(job);
    assert.match(simulated.paramsHash, /^[0-9a-f]{64}$/);
    assert.equal(trained.paramsHash, simulated.paramsHash);
    assert.equal(trained.bytesUp, simulated.bytesUp);
    assert.equal(trained.bytesDown, simulated.bytesDown);
    assert.equal(trained.clock, "wall");
    assert.equal(simulated.clock, "virtual");
  });

  test(`${name}: stopped after 5 rounds and continued, it ends with the same bits as without a stop`, () =>
    withFolder(async (folder) => {
      const job = checkJob({ ...small, ...options });
      const whole = await simulateJob(job);
      await simulateJob({ ...job, rounds: 5 }, { out: folder });
      const continued = await simulateJob(job, { resume: folder });
      assert.equal(continued.paramsHash, whole.paramsHash);
      assert.equal(continued.rounds, 12);
      const onThreads = await train(job, { resume: folder });
      assert.equal(onThreads.paramsHash, whole.paramsHash);
    }));
}

test("another seed gives other parameters", async () => {
  const first = await simulateJob(checkJob(small));
  const second = await simulateJob(checkJob({ ...small, seed: "4" }));
  assert.notEqual(first.paramsHash, second.paramsHash);
});

test("wires change the time of a run and nothing else", async () => {
  const fast = await simulateJob(checkJob(small));
  const slow = await simulateJob(checkJob({ ...small, link: "1mbit/50ms" }));
  assert.equal(slow.paramsHash, fast.paramsHash);
  assert.equal(slow.bytesTotal, fast.bytesTotal);
  assert.ok(slow.seconds > fast.seconds + 23 * 0.05); // two latencies a round; the server is done before its last one
});

test("uncompressed bytes are those of the uncompressed recipe", async () => {
  const plain = await simulateJob(checkJob({ ...small, recipe: "sgd" }));
  assert.equal(plain.uncompressedBytes, plain.bytesTotal);
  const thin = await simulateJob(checkJob({ ...small, compressor: "top-k:0.01" }));
  assert.equal(thin.uncompressedBytes, plain.uncompressedBytes);
  assert.ok(thin.compressionRatio > 30, `ratio ${thin.compressionRatio}`);
});

test("a run that reaches its target ends in the very state that reached it", async () => {
  const job = checkJob({ ...small, recipe: "sgd", until: "accuracy=0.8", lr: "0.1", rounds: "200" });
  const result = await simulateJob(job);
  assert.equal(result.outcome, "target");
  assert.ok(result.accuracy !== null && result.accuracy >= 0.8);
  assert.ok(result.rounds % 4 === 0 && result.reachedTargetAtRound === result.rounds);
  assert.ok(result.reachedTargetAtSeconds !== null && result.reachedTargetAtSeconds < result.seconds);
  assert.equal(result.paramsHash, (await simulateJob({ ...job, until: null, rounds: result.rounds })).paramsHash);
});

test("a target that is reached before the first round costs one exchange and no round", async () => {
  const result = await simulateJob(checkJob({ ...small, until: "accuracy=0.001" }));
  assert.equal(result.rounds, 0);
  assert.equal(result.reachedTargetAtRound, 0);
  assert.equal(result.reachedTargetAtBytes, 0);
});

test("the ledger's lines add up to the run's bytes, over a stop and a continuation too", () =>
  withFolder(async (folder) => {
    const job = checkJob({ ...small, compressor: "top-k:0.05" });
    await simulateJob({ ...job, rounds: 5 }, { out: folder });
    const continued = await simulateJob(job, { out: folder, resume: folder });
    const lines = (await readFile(join(folder, "ledger.jsonl"), "utf8")).trim().split("\n");
    const total = lines.reduce((sum, line) => sum + JSON.parse(line).bytes, 0);
    assert.equal(total, continued.bytesTotal);
    const whole = await simulateJob(job);
    assert.equal(continued.bytesTotal, whole.bytesTotal);
    assert.equal(continued.uncompressedBytes, whole.uncompressedBytes);
    assert.ok(Math.abs(continued.seconds - whole.seconds) < 1e-9);
  }));

test("a run continued from an earlier checkpoint in its own folder forgets the later ones", () =>
  withFolder(async (folder) => {
    await simulateJob(checkJob({ ...small, rounds: "10" }), { out: folder, checkpointEvery: 5 });
    const early = join(folder, "checkpoints", "round-000005");
    await simulateJob(checkJob({ ...small, rounds: "8", lr: "0.5" }), { out: folder, resume: early });
    assert.equal((await readCheckpoint(folder)).round, 8);
    assert.equal((await readCheckpoint(folder)).job.learningRate, 0.5);
  }));

test("what cannot be written is told of, and neither ends the run nor loses its result", () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, "checkpoints"), "in the way");
    const told: string[] = [];
    const listener = { trouble: (line: string) => void told.push(line) };
    const result = await simulateJob(checkJob(small), { out: folder, checkpointEvery: 4, listener });
    assert.equal(result.outcome, "rounds");
    assert.ok(told.length > 0 && told.every((line) => line.startsWith("checkpoint of round")), told.join("\n"));
    assert.deepEqual(result.trouble, told);
    assert.equal(JSON.parse(await readFile(join(folder, "result.json"), "utf8")).paramsHash, result.paramsHash);
  }));

test("a run that is continued still notices that it diverges", () =>
  withFolder(async (folder) => {
    await simulateJob(checkJob({ ...small, rounds: "4" }), { out: folder });
    const wild = checkJob({ ...small, lr: "1000000", rounds: "60" });
    assert.equal((await simulateJob(wild, { resume: folder })).outcome, "diverged");
  }));

const diverging = checkJob({ ...small, model: "mlp:32", recipe: "sgd", lr: "50", rounds: "60" });
for (const [name, run] of [
  ["simulate", simulateJob],
  ["train", train],
] as const) {
  test(`${name}: a run that diverges is named as such and does not throw`, async () => {
    const result = await run(diverging, {});
    assert.equal(result.outcome, "diverged");
    assert.ok(result.rounds < 60);
  });

  test(`${name}: killed in mid-run, it rejects at once`, async () => {
    const kill = new AbortController();
    const progress = ({ round }: { round: number }) => {
      if (round >= 3) kill.abort();
    };
    const endless = checkJob({ ...small, rounds: "100000" });
    await assert.rejects(run(endless, { kill: kill.signal, listener: { progress } }), { code: "aborted" });
  });

  test(`${name}: asked to stop, it ends after the round in flight and leaves a checkpoint to continue`, () =>
    withFolder(async (folder) => {
      const job = checkJob({ ...small, rounds: "100000" });
      const stopped = await stopAfter(run, job, 8, folder);
      assert.equal(stopped.outcome, "interrupted");
      assert.ok(stopped.rounds >= 8 && stopped.rounds < 100_000);
      const checkpoint = await readCheckpoint(folder);
      assert.equal(checkpoint.round, stopped.rounds);
      assert.equal(checkpoint.paramsHash, stopped.paramsHash);
    }));
}

async function stopAfter(
  run: (job: Job, controls: RunControls) => Promise<RunResult>,
  job: Job,
  round: number,
  out: string,
): Promise<RunResult> {
  const stop = new AbortController();
  const progress = (seen: { round: number }) => {
    if (seen.round >= round) stop.abort();
  };
  return run(job, { out, stop: stop.signal, listener: { progress } });
}

test("only the last two checkpoints are kept, and each is whole", () =>
  withFolder(async (folder) => {
    await simulateJob(checkJob(small), { out: folder, checkpointEvery: 3 });
    assert.deepEqual((await readdir(join(folder, "checkpoints"))).sort(), ["round-000009", "round-000012"]);
    for (const name of ["round-000009", "round-000012"]) await readCheckpoint(join(folder, "checkpoints", name));
  }));

test("as many of the newest checkpoints are kept as the run wants", () =>
  withFolder(async (folder) => {
    await simulateJob(checkJob(small), { out: folder, checkpointEvery: 3, keepCheckpoints: 3 });
    const kept = ["round-000006", "round-000009", "round-000012"];
    assert.deepEqual((await readdir(join(folder, "checkpoints"))).sort(), kept);
  }));

test("a checkpoint with any file cut short, changed or gone is refused by the file's name", () =>
  withFolder(async (folder) => {
    await simulateJob(checkJob({ ...small, rounds: "2" }), { out: folder });
    const good = join(folder, "checkpoints", "round-000002");
    for (const name of await readdir(good)) {
      const bad = join(folder, "bad", "checkpoints", "round-000002");
      const bytes = await readFile(join(good, name));
      const flipped = Uint8Array.from(bytes);
      flipped[flipped.length >> 1]! ^= 1;
      for (const damage of [bytes.subarray(0, bytes.length >> 1), flipped, null]) {
        await cp(good, bad, { recursive: true });
        if (damage === null) await rm(join(bad, name));
        else await writeFile(join(bad, name), damage);
        if (name === "checkpoint.json" && damage === flipped) continue; // a flipped letter of a comment-like field may be valid
        await assert.rejects(readCheckpoint(join(folder, "bad")), (error) => {
          assert.ok(error instanceof CheckpointError, String(error));
          assert.ok(error.message.includes(name), error.message);
          return true;
        });
      }
      await rm(bad, { recursive: true });
    }
  }));

test("a run that is no continuation of the checkpoint is refused with the difference named", () =>
  withFolder(async (folder) => {
    await simulateJob(checkJob({ ...small, rounds: "2" }), { out: folder });
    const refused = async (options: JobOptions, message: RegExp) =>
      assert.rejects(simulateJob(checkJob({ ...small, ...options }), { resume: folder }), (error) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.match(error.message, message);
        return true;
      });
    await refused({ seed: "9" }, /seed 3/);
    await refused({ peers: "5" }, /peers 4/);
    await refused({ compressor: "sign" }, /up top-k:0.01/);
    await refused({ rounds: "2" }, /more than the 2 rounds/);
    await refused({ momentum: "0" }, /--momentum: expected a momentum above 0 at the worker/);
    await refused({ momentum: "0.9@server" }, /--momentum/);
  }));

test("more peers than rows is refused before anything starts", async () => {
  await assert.rejects(simulateJob(checkJob({ ...small, peers: "1438" })), { code: "config" });
});

test("a run folder that cannot be written is one clear error", () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, "file"), "");
    await assert.rejects(simulateJob(checkJob(small), { out: join(folder, "file", "run") }), { code: "checkpoint" });
  }));

test("a run does not go on with other data", () =>
  withFolder(async (folder) => {
    const file = join(folder, "rows.csv");
    const rows = (n: number) => Array.from({ length: n }, (_, i) => `${i % 7},${i % 3},${i % 2}`).join("\n");
    await writeFile(file, rows(200));
    const job = (rounds: string) => checkJob({ ...small, data: `csv:${file},header=no`, peers: "2", rounds });
    await simulateJob(job("2"), { out: join(folder, "run") });
    await writeFile(file, rows(300));
    await assert.rejects(simulateJob(job("4"), { resume: join(folder, "run") }), /other data/);
  }));

test("a folder that holds a run takes no other, but takes its continuation", () =>
  withFolder(async (folder) => {
    const job = checkJob({ ...small, rounds: "2" });
    await simulateJob(job, { out: folder });
    await assert.rejects(simulateJob(job, { out: folder }), /a folder without a run/);
    await simulateJob({ ...job, rounds: 4 }, { out: folder, resume: folder });
    assert.equal((await readCheckpoint(folder)).round, 4);
  }));
