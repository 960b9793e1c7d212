/**
 * Where peers keep tensors to themselves: what whoever judges their models knows of these, and the judgement.
 */
import type { NamedVectors } from "../base/state.ts";
import type { Dataset } from "../ports/dataset.ts";
import type { Metrics } from "../ports/model.ts";
import { type PeerId, peerId } from "../ports/view.ts";
import { type LocalTensors, type Split, savedTensors } from "../recipes/local-tensors.ts";
import { meanOf } from "./mean-model.ts";
import type { Measured } from "./result.ts";

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

/** Who is judged: what it keeps, and test rows with the labels of its own; undefined where there are none. */
export interface Owner {
  readonly tensors: Float32Array;
  readonly rows: () => Dataset | undefined;
}

/**
 * The means over the owners' models, each made of what is shared and of its own tensors: of loss and accuracy on the test
 * rows, and on those with the labels of its own. Models whose tensors are one array are judged once on the test rows.
 */
export async function judgeOwnModels(
  shared: Float32Array,
  owners: readonly Owner[],
  split: Split,
  evaluate: (model: Float32Array, rows?: Dataset) => Promise<Metrics>,
): Promise<Measured> {
  const model = new Float32Array(split.whole.length);
  const known = new Map<Float32Array, Metrics>();
  const onAll: Metrics[] = [];
  const onOwn: Metrics[] = [];
  for (const { tensors, rows } of owners) {
    split.join(shared, tensors, model);
    const metrics = known.get(tensors) ?? (await evaluate(model));
    known.set(tensors, metrics);
    onAll.push(metrics);
    const like = rows();
    if (like !== undefined) onOwn.push(await evaluate(model, like));
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

/** @param model of some peer, with the means of what all of a checkpoint keep in place of its own */
export function withMeanTensors(
  model: Float32Array,
  split: Split | undefined,
  states: readonly NamedVectors[],
): Float32Array {
  const kept = states.map(savedTensors).filter(({ size }) => size > 0);
  if (split === undefined || kept.length === 0) return model;
  const shared = split.sharedOf(model);
  split.join(shared, meanOf(kept.map((saved) => split.localOf(saved))), model);
  return model;
}
