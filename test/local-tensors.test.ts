/**
 * Whole runs whose peers keep tensors to themselves: every worker's own model is judged, and nothing of it is sent.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type Checkpoint, readCheckpoint } from "../src/runs/checkpoint.ts";
import { checkJob, type Job, type JobOptions } from "../src/runs/job.ts";
import { meanOf } from "../src/runs/mean-model.ts";
import { paramsHash } from "../src/runs/params-hash.ts";
import type { RunResult } from "../src/runs/result.ts";
import { takeRows } from "../src/runs/rows-like.ts";
import { openJobModel, openSetting, splitOf } from "../src/runs/setting.ts";
import { simulateJob } from "../src/runs/simulate.ts";
import { train } from "../src/runs/train.ts";
import { withFolder } from "./folder.ts";

/** Of a softmax the bias of each class stays with the peer. */
const small: JobOptions = {
  model: "softmax",
  local: "bias",
  rounds: "12",
  evalEvery: "3",
  batch: "16",
  seed: "3",
  peers: "4",
  lr: "0.2",
  partition: "dirichlet:0.5",
};

const measured = ({ curve }: RunResult) =>
  curve.map(({ round, loss, accuracy, consensus, bytesUp }) => ({ round, loss, accuracy, consensus, bytesUp }));

const variants: readonly JobOptions[] = [
  { recipe: "local-sgd:steps=2", compressor: "top-k:0.1" },
  { recipe: "fedavg:steps=3,participation=0.5" },
  { recipe: "fedavg:steps=2", server: "own" },
  { recipe: "diloco:steps=2", average: "polyak" },
  { recipe: "choco:topology=chain,gamma=0.3", compressor: "top-k:0.1" },
];

for (const options of variants) {
  test(`${options.recipe}${options.server === "own" ? " with a server of its own" : ""}: threads give the same parameters, curve and bytes as the simulator, and so does a continued run`, () =>
    withFolder(async (folder) => {
      const job = checkJob({ ...small, ...options });
      const simulated = await simulateJob(job);
      const trained = await train(job);
      assert.equal(simulated.judged, "each");
      assert.equal(trained.paramsHash, simulated.paramsHash);
      assert.deepEqual(measured(trained), measured(simulated));
      assert.deepEqual(
        simulated.curve.map(({ round }) => round),
        [0, 3, 6, 9, 12],
      );
      await simulateJob({ ...job, rounds: 6 }, { out: folder });
      const continued = await train(job, { resume: folder });
      assert.equal(continued.paramsHash, simulated.paramsHash);
      assert.deepEqual(measured(continued).slice(1), measured(simulated).slice(3));
      if (simulated.consensus === undefined) assert.equal(continued.curve[0]!.loss, simulated.curve[2]!.loss);
    }));
}

/** Test losses of every worker's own model, with moments of its own rows, in the order of ids. */
async function ownLosses(job: Job, { params, peers }: Checkpoint): Promise<number[]> {
  const { data, parts } = await openSetting(job, {}, false);
  const model = await openJobModel(job, data, () => {});
  const split = splitOf(job, model)!;
  const losses: number[] = [];
  for (const [id, state] of peers.entries()) {
    const saved = split.local.tensors.map(({ name }) => [name, state!.get(`tensors/${name}`)!] as const);
    const whole = new Float32Array(model.layout.length);
    split.join(split.sharedOf(params), split.localOf(new Map(saved)), whole);
    losses.push((await model.evaluate(whole, data.test, takeRows(data.train, parts[id]!))).loss);
  }
  await model.close();
  return losses;
}

const meanLoss = (losses: readonly number[]) => losses.reduce((a, b) => a + b, 0) / losses.length;

test("what is measured is the mean over every worker's own model, and a checkpoint holds all of them", () =>
  withFolder(async (folder) => {
    const job = checkJob({ ...small, recipe: "fedavg:steps=3", model: "cnn:4,4,8,norm=batch", local: "norm" });
    const result = await simulateJob(job, { out: folder });
    const checkpoint = await readCheckpoint(folder);
    const { data } = await openSetting(job, {}, false);
    const model = await openJobModel(job, data, () => {});
    await model.close();
    const split = splitOf(job, model)!;
    const shared = split.sharedOf(checkpoint.params);
    assert.equal(result.paramsHash, await paramsHash(shared));
    assert.equal(checkpoint.paramsHash, result.paramsHash);
    const names = split.local.tensors.map(({ name }) => name);
    assert.deepEqual(names, ["conv1.scale", "conv1.shift", "conv2.scale", "conv2.shift"]);
    const kept = checkpoint.peers.map((peer) =>
      split.localOf(new Map(names.map((name) => [name, peer!.get(`tensors/${name}`)!]))),
    );
    assert.equal(new Set(kept.map((values) => values.join())).size, 4);
    const mean = new Float32Array(model.layout.length);
    split.join(shared, meanOf(kept), mean);
    assert.deepEqual(checkpoint.params, mean);
    const losses = await ownLosses(job, checkpoint);
    assert.equal(result.loss, meanLoss(losses));
    assert.equal(new Set(losses).size, 4);
  }));

test("what liars keep to themselves is neither judged nor averaged, unless all are liars", () =>
  withFolder(async (folder) => {
    for (const [liars, first] of [
      [1, 3],
      [4, 4],
    ] as const) {
      const out = join(folder, String(liars));
      const job = checkJob({
        ...small,
        recipe: "fedavg:steps=3",
        byzantine: `${liars}:scaled:0.5`,
      });
      const result = await simulateJob(job, { out });
      const checkpoint = await readCheckpoint(out);
      const losses = await ownLosses(job, checkpoint);
      assert.equal(result.loss, meanLoss(losses.slice(0, first)));
      const kept = checkpoint.peers.map((peer) => peer!.get("tensors/bias")!);
      assert.deepEqual(checkpoint.params.slice(640), meanOf(kept.slice(0, first)));
      assert.equal(new Set(kept.map((values) => values.join())).size, 4);
    }
  }));

test("bytes, and what they would be uncompressed, are fewer by exactly the tensors that are kept", async () => {
  const run = (local: string, recipe: string) => simulateJob(checkJob({ ...small, recipe, local }));
  for (const [recipe, messages] of [
    ["local-sgd:steps=2", 2 * 3],
    ["d-psgd:topology=complete", 4 * 3],
  ] as const) {
    const [all, some] = [await run("none", recipe), await run("bias", recipe)];
    const saved = 12 * messages * 10 * 4;
    assert.equal(all.bytesTotal - some.bytesTotal, saved, recipe);
    assert.equal(all.uncompressedBytes - some.uncompressedBytes, saved, recipe);
    assert.equal(all.parameters, some.parameters);
    assert.deepEqual([all.local, some.local], [null, "bias"]);
    assert.notEqual(all.judged, "each");
  }
});

test("a peer alone keeps what it would have exchanged with nobody", async () => {
  const options = { ...small, peers: "1", recipe: "local-sgd:steps=2" };
  const all = await simulateJob(checkJob({ ...options, local: "none" }));
  const some = await simulateJob(checkJob(options));
  assert.ok(Math.abs(all.loss - some.loss) < 1e-6, `${all.loss} and ${some.loss}`);
});

test("models that keep their norms know the labels of their peers better than a model of all, and others worse", async () => {
  const job = { ...small, recipe: "fedavg:steps=10", model: "cnn:4,8,16,norm=batch", rounds: "25", lr: "0.05" };
  const run = (local: string) => simulateJob(checkJob({ ...job, partition: "shards:2", local }));
  const [common, own] = [await run("none"), await run("norm")];
  assert.equal(common.ownAccuracy, undefined);
  assert.ok(own.ownAccuracy! > common.accuracy! + 0.02, `${own.ownAccuracy} and ${common.accuracy}`);
  assert.ok(own.accuracy! < common.accuracy!, `${own.accuracy} and ${common.accuracy}`);
});

test("whoever is lost takes its tensors along, and begins with the first values where it comes back", () =>
  withFolder(async (folder) => {
    const faults = JSON.stringify({ crashes: [{ peer: 2, at: "200ms", for: "100ms" }], detection: "10ms" });
    const run = { out: folder };
    const job = checkJob({
      ...small,
      recipe: "local-sgd:steps=2",
      rounds: "60",
      lr: "0.002",
      partition: "iid",
      faults,
    });
    const result = await simulateJob(job, run);
    assert.deepEqual([result.outcome, result.viewChanges], ["rounds", 2]);
    const { peers } = await readCheckpoint(folder);
    const sizes = peers.map((peer) => Math.hypot(...peer!.get("tensors/bias")!));
    const others = Math.min(sizes[0]!, sizes[1]!, sizes[3]!);
    assert.ok(sizes[2]! > 0 && sizes[2]! < 0.8 * others, `${sizes}`);
    assert.ok(Number.isFinite(result.loss) && result.judged === "each");
  }));

test("batch norm on labels that differ from peer to peer is warned of, unless peers keep their norms", async () => {
  const lines = async (options: JobOptions) => {
    const job = checkJob({
      ...small,
      model: "cnn:2,2,4,norm=batch",
      recipe: "fedavg:steps=1",
      rounds: "1",
      ...options,
    });
    return (await simulateJob(job)).warnings.filter((line) => line.startsWith("batch norm")).length;
  };
  assert.equal(await lines({ local: "none" }), 1);
  assert.equal(await lines({ local: "norm" }), 0);
  assert.equal(await lines({ local: "dense" }), 1);
  assert.equal(await lines({ local: "none", partition: "iid" }), 0);
  assert.equal(await lines({ local: "none", model: "cnn:2,2,4,norm=group" }), 0);
});

test("a run goes on with the tensors that it was begun with, and a model without them is refused before it starts", () =>
  withFolder(async (folder) => {
    const job = checkJob({ ...small, recipe: "fedavg", rounds: "2" });
    await simulateJob(job, { out: folder });
    const resumed = { ...job, rounds: 4, local: null };
    await assert.rejects(simulateJob(resumed, { resume: folder }), /expected local bias, as in the checkpoint/);
    await assert.rejects(simulateJob({ ...job, local: "norm" }), /--local: .*weight, bias, got "norm, which no tensor/);
    await assert.rejects(train({ ...job, local: "b,w" }), /a tensor that is left to exchange/);
  }));
