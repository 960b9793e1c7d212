/**
 * Averaging: a mean of the iterates, kept beside the training, which it never feeds back into.
 *
 *     x̄ ← x̄ + w_k (x − x̄),   k = 1, 2, … counts the iterates absorbed, w_1 = 1
 *
 * Every kind here is a sequence of weights w_k, and a choice of which iterates are absorbed. With a model that has batch
 * norm, its statistics must be computed anew for x̄ before it is judged.
 */
import { assert } from "../../base/errors.ts";
import type { NamedVectors } from "../../base/state.ts";
import { vector } from "../../kernels/index.ts";
import type { MakeVector, Real } from "../optimizer.ts";
import { stateful } from "../stateful.ts";

export interface Averaging {
  /** Canonical spec: `tail:from=100,every=5`. */
  readonly name: string;
  /** @param length d @param make default: f32 in the kernels' memory */
  open(length: number, make?: MakeVector): Averager;
  /** A line where a run of so many rounds makes little of it. */
  warnings(rounds: number): readonly string[];
}

export interface Averager {
  /** Offers the iterate after a step. */
  absorb(params: Real): void;
  /** Iterates absorbed. */
  readonly count: number;
  /** x̄, once an iterate was absorbed; valid until the next one is. */
  readonly average: Real;
  save(): NamedVectors;
  /** @throws {CheckpointError} */
  restore(saved: NamedVectors): void;
}

/** Which iterates are absorbed: those t = from + every, from + 2·every, …, t = 1, 2, … counting the iterates offered. */
export interface Absorbed {
  readonly from: number;
  readonly every: number;
}

const ALL: Absorbed = { from: 0, every: 1 };

/** @param weight w_k in [0, 1] of the k-th iterate absorbed, where k > 1 */
export function averagingOf(name: string, weight: (k: number) => number, absorbed: Absorbed = ALL): Averaging {
  return {
    name,
    open: (length, make = vector) => running(make(length), weight, absorbed),
    warnings(rounds) {
      const count = countOf(rounds, absorbed);
      return count < 2 ? [`${name}: ${rounds} rounds give ${count} iterates to average, of which it needs two`] : [];
    },
  };
}

/** Iterates absorbed of the first t offered. */
const countOf = (t: number, { from, every }: Absorbed): number => Math.max(0, Math.floor((t - from) / every));

function running(average: Real, weight: (k: number) => number, absorbed: Absorbed): Averager {
  const offered = new Float64Array(1);
  const count = (): number => countOf(offered[0]!, absorbed);
  const absorb = (mean: Real, x: Real, _: number, t: number): void => {
    const before = count();
    offered[0] = t;
    const k = count();
    if (k === before) return;
    const share = k === 1 ? 1 : weight(k);
    for (let i = 0; i < mean.length; i++) mean[i] = mean[i]! + share * (x[i]! - mean[i]!);
  };
  // x̄ is kept as parameters are: iterates take the place of gradients.
  const { step, save, restore } = stateful("averaging", { average }, absorb, offered);
  return {
    absorb(params) {
      step(average, params, 1);
    },
    get count() {
      return count();
    },
    get average() {
      assert(count() > 0, "an average of no iterates was asked for");
      return average;
    },
    save,
    restore,
  };
}
