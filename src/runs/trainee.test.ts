import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/random.ts";
import type { Peer } from "../ports/peer.ts";
import { peerId } from "../ports/view.ts";
import type { Host, PeerSetup } from "./host.ts";
import { checkJob } from "./job.ts";
import { methodOf, openJobModel, openSetting, trainingSettings } from "./setting.ts";
import { traineeOf } from "./trainee.ts";

test("what a peer keeps to itself outlives its stay; another peer begins anew", async () => {
  const job = checkJob({
    recipe: "fedavg:steps=2",
    model: "mlp:8",
    data: "digits",
    local: "bias",
    peers: "2",
    batch: "8",
  });
  const setting = await openSetting(job, {}, false);
  const model = await openJobModel(job, setting.data, () => {});
  try {
    const view = { epoch: 0, members: [peerId(0)], workers: [peerId(0)] };
    const peer = { id: peerId(0), view, rng: Random.fromSeed(1) } as unknown as Peer; // nothing is sent
    const host = {} as Host; // nothing is told
    const common = { job, method: methodOf(job), model, data: setting.data, roster: view, parts: setting.parts };
    const settings = trainingSettings(job, model, setting);
    const setup: PeerSetup = { ...common, settings, host, resumed: undefined };
    const keepsake = {};
    const first = traineeOf(peer, { ...setup, keepsake }).localTensors!;
    first.propose(new Float32Array(model.layout.length).fill(2), 0);
    first.commit();
    first.propose(new Float32Array(model.layout.length).fill(3), 1); // the stay ends before this round counts
    const second = traineeOf(peer, { ...setup, keepsake }).localTensors!;
    assert.deepEqual(new Set(second.values), new Set([2]));
    const another = traineeOf(peer, { ...setup, keepsake: {} }).localTensors!;
    assert.deepEqual(new Set(another.values), new Set([0]));
  } finally {
    await model.close();
  }
});
