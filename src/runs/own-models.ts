/**
 * Where peers keep tensors to themselves: what whoever judges their models knows of these, and the judgement.
 */
import type { NamedVectors } from "../base/state.ts";
import type { TrainTest } from "../ports/dataset.ts";
import type { Metrics, Model } from "../ports/model.ts";
import { type PeerId, peerId } from "../ports/view.ts";
import { isLiar, parseByzantine } from "../recipes/byzantine.ts";
import { type LocalTensors, type Split, savedTensors } from "../recipes/local-tensors.ts";
import type { Job } from "./job.ts";
import { meanOf } from "./mean-model.ts";
import type { Measured, PeerState } from "./result.ts";
import { rowsLike, takeRows } from "./rows-like.ts";

/** The local tensors that peers have told of, until nobody asks for them any more. */
export class ToldTensors {
  /** By peer: after how many rounds, and the values; the rounds rise. */
  readonly #told = new Map<PeerId, { readonly rounds: number; readonly values: Float32Array }[]>();

  /** After so many rounds. A round that was undone is told of again. */
  tell(id: PeerId, rounds: number, values: Float32Array): void {
    const before = (this.#told.get(id) ?? []).filter((told) => told.rounds < rounds);
    this.#told.set(id, [...before, { rounds, values }]);
  }

  /** What the peers of a checkpoint kept. @param states by id; undefined for one that was away */
  recall(rounds: number, states: readonly (NamedVectors | undefined)[], split: Split): void {
    for (const [id, state] of states.entries()) {
      const saved = savedTensors(state ?? new Map());
      if (saved.size > 0) this.tell(peerId(id), rounds, split.localOf(saved));
    }
  }

  /** Of each peer, the newest after at most so many rounds. What is older than that is not asked for again. */
  by(rounds: number): ReadonlyMap<PeerId, Float32Array> {
    const newest = new Map<PeerId, Float32Array>();
    for (const [id, told] of this.#told) {
      const last = told.findLastIndex((entry) => entry.rounds <= rounds);
      if (last < 0) continue;
      newest.set(id, told[last]!.values);
      this.#told.set(id, told.slice(last));
    }
    return newest;
  }
}

/** Who is judged: what it keeps, and its rows of the training data; undefined where it holds none. */
export interface Owner {
  readonly tensors: Float32Array;
  readonly rows: Uint32Array | undefined;
}

/**
 * The means over the owners' models, each made of what is shared and of its own tensors: of loss and accuracy on the test
 * rows, and on those with the labels of its own. Batch norm takes its moments from the owner's own rows.
 */
export async function judgeOwnModels(
  shared: Float32Array,
  owners: readonly Owner[],
  split: Split,
  { train, test }: TrainTest,
  model: Pick<Model, "evaluate">,
): Promise<Measured> {
  const whole = new Float32Array(split.whole.length);
  const onAll: Metrics[] = [];
  const onOwn: Metrics[] = [];
  for (const { tensors, rows } of owners) {
    split.join(shared, tensors, whole);
    const reference = rows === undefined || rows.length === train.rows ? train : takeRows(train, rows);
    onAll.push(await model.evaluate(whole, test, reference));
    const like = rows && rowsLike(test, train, rows);
    if (like !== undefined) onOwn.push(await model.evaluate(whole, like, reference));
  }
  const own = meanMetrics(onOwn);
  return {
    ...meanMetrics(onAll),
    ...(onOwn.length > 0 && { ownLoss: own.loss }),
    ...(own.accuracy !== undefined && { ownAccuracy: own.accuracy }),
  };
}

function meanMetrics(all: readonly Metrics[]): Metrics {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const accuracies = all.flatMap(({ accuracy }) => accuracy ?? []);
  return { loss: mean(all.map(({ loss }) => loss)), ...(accuracies.length > 0 && { accuracy: mean(accuracies) }) };
}

/** The whole model of a peer. */
export function wholeModel(shared: Float32Array, tensors: LocalTensors | undefined): Float32Array {
  if (tensors === undefined) return Float32Array.from(shared);
  const whole = new Float32Array(tensors.split.whole.length);
  tensors.join(shared, whole);
  return whole;
}

/**
 * Those whom the job does not make lie, or all if there are none: nobody averages out what a liar keeps to itself.
 * @param all workers
 */
export function honest<T>(
  { byzantine, peers, server }: Pick<Job, "byzantine" | "peers" | "server">,
  all: readonly T[],
  idOf: (worker: T) => PeerId,
): readonly T[] {
  if (byzantine === null) return all;
  const liars = parseByzantine(byzantine, "job.byzantine");
  const first = server === "own" ? 1 : 0;
  const others = all.filter((worker) => !isLiar(liars, idOf(worker) - first, peers));
  return others.length > 0 ? others : all;
}

/** @param model of some peer, with the means of what all honest ones of a checkpoint keep in place of its own */
export function withMeanTensors(
  model: Float32Array,
  split: Split | undefined,
  states: readonly Pick<PeerState, "id" | "learner">[],
  job: Pick<Job, "byzantine" | "peers" | "server">,
): Float32Array {
  const owners = states.filter(({ learner }) => savedTensors(learner).size > 0);
  if (split === undefined || owners.length === 0) return model;
  const kept = honest(job, owners, ({ id }) => id).map(({ learner }) => split.localOf(savedTensors(learner)));
  split.join(split.sharedOf(model), meanOf(kept), model);
  return model;
}
