/**
 * What a peer's method works with, from what the peer is given: its model, its rows, and the parameters that it begins with.
 */
import { checkLength } from "../base/layout.ts";
import { Batches } from "../data/batches.ts";
import { vector } from "../kernels/index.ts";
import type { Model } from "../ports/model.ts";
import type { Peer } from "../ports/peer.ts";
import { isLiar, lying, parseByzantine } from "../recipes/byzantine.ts";
import { LocalTensors, type Split, savedTensors } from "../recipes/local-tensors.ts";
import type { Trainee } from "../recipes/method.ts";
import type { PeerSetup } from "./host.ts";
import { splitOf } from "./setting.ts";

export function traineeOf(peer: Peer, setup: PeerSetup): Trainee {
  const { job, method, model, data, parts, roster, resumed, settings } = setup;
  const worker = setup.place ?? roster.workers.indexOf(peer.id);
  const rows = parts[worker];
  const order = peer.rng.split(`peer/${peer.id}/batches`);
  const split = splitOf(job, model);
  const { length } = split?.shared ?? model.layout;
  const begin = (params: Float32Array) => {
    const whole = resumed?.params ?? initial(peer, model);
    checkLength(whole, model.layout.length, "checkpoint");
    if (split === undefined) params.set(whole);
    else split.takeShared(whole, params);
    return params;
  };
  const differ = method.hops?.(peer.view) !== undefined; // where models differ there is nothing to share
  const shared = differ ? undefined : setup.shared;
  return {
    peer,
    model: modelOf(setup, worker, peer),
    batches: rows === undefined ? null : new Batches(data.train, rows, job.batch, order, setup.batchRoom),
    params: shared?.initial(length, begin) ?? begin(vector(length)),
    settings,
    ...(shared && { shared }),
    ...(split && { localTensors: localTensorsOf(peer, setup, split) }),
  };
}

function initial(peer: Peer, model: Model): Float32Array {
  const params = new Float32Array(model.layout.length);
  model.init(peer.rng.split("init"), params);
  return params;
}

/**
 * Whoever comes begins with the model's first values; what this peer has saved, or had when the others went on without it, is
 * right however far these came.
 */
function localTensorsOf(peer: Peer, { model, host, resumed, keepsake = {} }: PeerSetup, split: Split): LocalTensors {
  if (keepsake.localTensors !== undefined) return keepsake.localTensors;
  const tensors = new LocalTensors(split, initial(peer, model), host.keeps);
  const saved = resumed?.learner;
  if (saved !== undefined && savedTensors(saved).size > 0) tensors.restore(saved);
  keepsake.localTensors = tensors;
  return tensors;
}

/** The last workers may be told to lie. */
function modelOf({ job, model, data }: PeerSetup, worker: number, peer: Peer): Model {
  if (job.byzantine === null) return model;
  const byzantine = parseByzantine(job.byzantine, "job.byzantine");
  if (!isLiar(byzantine, worker, job.peers)) return model;
  const swarm = { workers: job.peers, classes: data.train.classes };
  return lying(model, byzantine, swarm, peer.rng.split(`peer/${peer.id}/lies`));
}
