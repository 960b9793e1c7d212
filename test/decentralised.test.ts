/**
 * Whole runs without a server: the mean of all models is judged, and a stop needs several rounds to reach everyone.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readCheckpoint } from "../src/runs/checkpoint.ts";
import { checkJob, type JobOptions, optionsOf } from "../src/runs/job.ts";
import { meanOf, ShownModels } from "../src/runs/mean-model.ts";
import type { Progress } from "../src/runs/result.ts";
import { simulateJob } from "../src/runs/simulate.ts";
import { train } from "../src/runs/train.ts";
import { withFolder } from "./folder.ts";

const small: JobOptions = {
  model: "softmax",
  rounds: "12",
  evalEvery: "3",
  batch: "16",
  seed: "3",
  peers: "5",
  partition: "dirichlet:0.5",
};

const variants: readonly JobOptions[] = [
  { recipe: "d-psgd" },
  { recipe: "d-psgd:topology=random-out", average: "polyak" },
  { recipe: "choco:topology=chain,gamma=0.3", compressor: "top-k:0.1" },
  { recipe: "deep-squeeze:topology=star", compressor: "sign" },
  { recipe: "gradient-tracking:topology=one-peer-exponential" },
  { recipe: "exact-diffusion:topology=complete" },
];

for (const options of variants) {
  test(`${options.recipe}: threads give the same mean model, curve and bytes as the simulator, and so does a continued run`, () =>
    withFolder(async (folder) => {
      const job = checkJob({ ...small, ...options });
      const simulated = await simulateJob(job);
      const trained = await train(job);
      const measured = ({ curve }: typeof simulated) =>
        curve.map(({ round, loss, consensus, bytesUp }) => ({ round, loss, consensus, bytesUp }));
      assert.equal(trained.paramsHash, simulated.paramsHash);
      assert.deepEqual(measured(trained), measured(simulated));
      assert.deepEqual(
        simulated.curve.map(({ round }) => round),
        [0, 3, 6, 9, 12],
      );
      assert.ok(simulated.consensus !== undefined && simulated.consensus > 0);
      assert.equal(simulated.bytesDown, 0);
      await simulateJob({ ...job, rounds: 5 }, { out: folder });
      const continued = await train(job, { resume: folder });
      assert.equal(continued.paramsHash, simulated.paramsHash);
      assert.equal(continued.bytesTotal, simulated.bytesTotal);
    }));
}

test("what a run leaves behind is the mean of all models, in the checkpoint as in the result", () =>
  withFolder(async (folder) => {
    const result = await simulateJob(checkJob({ ...small, recipe: "d-psgd" }), { out: folder, checkpointEvery: 4 });
    const checkpoint = await readCheckpoint(folder);
    assert.equal(checkpoint.paramsHash, result.paramsHash);
    const models = checkpoint.peers.map((peer) => peer!.get("model")!);
    assert.equal(models.length, 5);
    assert.deepEqual(meanOf(models), checkpoint.params);
    assert.notDeepEqual(models[0], models[1]);
    const lines = (await readFile(join(folder, "ledger.jsonl"), "utf8")).trim().split("\n");
    assert.equal(
      lines.reduce((sum, line) => sum + JSON.parse(line).bytes, 0),
      result.bytesTotal,
    );
    const early = await simulateJob(checkJob({ ...small, recipe: "d-psgd", rounds: "8" }));
    const first = await readCheckpoint(join(folder, "checkpoints", "round-000008"));
    assert.equal(first.paramsHash, early.paramsHash);
    assert.equal(first.past.totals.bytesUp, early.bytesUp);
  }));

test("a target is noticed as many rounds later as there are hops, and stops all as many rounds after that", async () => {
  for (const [topology, hops] of [
    ["complete", 1],
    ["chain", 4],
  ] as const) {
    const job = checkJob({ ...small, recipe: `d-psgd:topology=${topology}`, until: "accuracy=0.6", rounds: "200" });
    const result = await simulateJob(job);
    assert.equal(result.outcome, "target");
    const reached = result.reachedTargetAtRound!;
    assert.equal(reached % 3, 0);
    assert.ok(result.curve.find(({ round }) => round === reached)!.accuracy! >= 0.6);
    assert.ok(result.curve.every(({ round, accuracy }) => round >= reached || accuracy! < 0.6));
    assert.equal(result.rounds, reached + 2 * hops);
    assert.ok(result.reachedTargetAtSeconds! < result.seconds);
    const plain = await simulateJob({ ...job, until: null, rounds: result.rounds });
    assert.equal(result.paramsHash, plain.paramsHash);
    assert.equal((await train(job)).paramsHash, result.paramsHash);
  }
});

for (const [name, run] of [
  ["simulate", simulateJob],
  ["train", train],
] as const) {
  test(`${name}: asked to stop, all peers end after the same round and leave a checkpoint to continue`, () =>
    withFolder(async (folder) => {
      const stop = new AbortController();
      const progress = ({ round }: Progress) => {
        if (round >= 5) stop.abort();
      };
      const job = checkJob({ ...small, recipe: "choco", rounds: "100000" });
      const stopped = await run(job, { out: folder, stop: stop.signal, listener: { progress } });
      assert.equal(stopped.outcome, "interrupted");
      assert.ok(stopped.rounds >= 5 && stopped.rounds < 100_000);
      const checkpoint = await readCheckpoint(folder);
      assert.equal(checkpoint.round, stopped.rounds);
      assert.equal(checkpoint.paramsHash, stopped.paramsHash);
      const rounds = stopped.rounds + 4;
      const continued = await simulateJob({ ...job, rounds }, { resume: folder });
      assert.equal(continued.paramsHash, (await simulateJob({ ...job, rounds })).paramsHash);
    }));

  test(`${name}: a run that diverges is named as such`, async () => {
    const result = await run(checkJob({ ...small, model: "mlp:16", recipe: "d-psgd", lr: "100", rounds: "200" }), {});
    assert.equal(result.outcome, "diverged");
  });
}

test("progress comes in the order of rounds, each measured one with its metrics", async () => {
  const seen: Progress[] = [];
  const job = checkJob({ ...small, recipe: "d-psgd:topology=chain" });
  const result = await simulateJob(job, { listener: { progress: (progress) => seen.push(progress) } });
  assert.deepEqual(
    seen.map(({ round }) => round),
    Array.from({ length: 13 }, (_, i) => i),
  );
  for (const { round, metrics, seconds, bytesUp } of seen) {
    assert.equal(metrics !== undefined, round % 3 === 0);
    assert.ok(Math.abs(seconds - round * 0.005) < 1e-9);
    assert.equal(bytesUp, (round * result.bytesUp) / 12);
  }
});

test("wires change the time of a run and nothing else, and a peer alone needs none", async () => {
  const pair: JobOptions = { ...small, recipe: "d-psgd", peers: "2" };
  const slow = await simulateJob(checkJob({ ...pair, link: "1mbit/50ms" }));
  assert.equal(slow.paramsHash, (await simulateJob(checkJob(pair))).paramsHash);
  // One message each way, while the gradients are computed.
  const message = (24 + 1 + 4 * 650) / 125_000;
  assert.ok(Math.abs(slow.seconds - 12 * (message + 0.05)) < 1e-9, `${slow.seconds}`);
  const alone = await simulateJob(checkJob({ ...small, peers: "1", recipe: "choco" }));
  assert.equal(alone.bytesTotal, 0);
  assert.equal(alone.consensus, 0);
});

test("a job without a server takes no option of one, and its options give it again", () => {
  for (const options of [{ down: "sign" }, { server: "own" }, { aggregator: "median" }, { momentum: "0.5@server" }]) {
    assert.throws(() => checkJob({ ...small, recipe: "choco", ...options }), { code: "config" });
  }
  for (const { recipe, ...options } of variants) {
    const job = checkJob({ ...small, recipe: recipe!, ...options });
    assert.deepEqual(checkJob(optionsOf(job)), job);
  }
});

test("a topology that so many peers do not have is refused before anything starts", async () => {
  const job = checkJob({ ...small, recipe: "d-psgd:topology=hypercube" });
  await assert.rejects(simulateJob(job), /a power of two/);
  await assert.rejects(train(job), /a power of two/);
});

test("a mean model is made of all models or of none", () => {
  const shown = new ShownModels(2);
  shown.show(4, 1, Float32Array.of(3));
  assert.throws(() => shown.take(4), { code: "peer-lost" });
  shown.show(6, 1, Float32Array.of(3));
  shown.show(6, 0, Float32Array.of(1));
  assert.deepEqual(meanOf(shown.take(6)), Float32Array.of(2));
  assert.throws(() => shown.take(6), { code: "peer-lost" });
});
