/**
 * Binary classification on n workers: the problems on which methods are usually compared.
 */
import { Random } from "../base/random.ts";
import { riskModel } from "../models/problems/analytic-model.ts";
import { dot, meanOf, type Problem } from "../models/problems/problem.ts";
import { Risk } from "../models/problems/risk.ts";
import { logistic } from "../models/problems/row-loss.ts";
import { fullBatch, pick, type Rows, sparseRows } from "../models/problems/rows.ts";
import type { Dataset } from "../ports/dataset.ts";
import type { Curvature } from "../ports/model.ts";
import type { TrialWorker } from "./trial.ts";

/** f = (1/n) Σ f_i, with f_i at worker i. */
export interface Federation {
  readonly f: Problem;
  readonly workers: readonly TrialWorker[];
  readonly curvature: Curvature;
  /** The rows of each worker. */
  readonly parts: readonly Rows[];
}

const WORKERS = 20;

/**
 * Logistic regression with the non-convex regulariser 0.1 Σ x²/(1 + x²), rows dealt in file order.
 * @see Richtárik, Sokolov & Fatkhullin 2021, arXiv:2106.05203
 */
export const nonconvexLogistic = (data: Dataset, workers: number = WORKERS): Federation =>
  federation(new Risk(logistic, { nonconvex: 0.1 }), split(data, [...Array(data.rows).keys()], workers));

/** Logistic regression with (0.02/2)‖x‖², rows sorted by label first: strongly convex, and no two workers agree. */
export const sortedLogistic = (data: Dataset, workers: number = WORKERS): Federation => {
  const rows = [...Array(data.rows).keys()].sort((a, b) => data.targets[a]! - data.targets[b]!);
  return federation(new Risk(logistic, { l2: 0.02 }), split(data, rows, workers));
};

/**
 * Logistic regression with (1e-4/2)‖x‖² on mini-batches, rows dealt at random or sorted by label: a column of ones is added,
 * and all rows are divided by their mean norm.
 */
export function batchLogistic(
  data: Dataset,
  { workers: count, batch, deal }: { readonly workers: number; readonly batch: number; readonly deal: Deal },
): Federation {
  const rows = [...Random.fromSeed(1).split("deal").permutation(data.rows)];
  if (deal === "sorted") rows.sort((a, b) => data.targets[a]! - data.targets[b]!);
  const { workers, parts, ...rest } = federation(
    new Risk(logistic, { l2: 1e-4 }),
    split(normalised(data), rows, count),
  );
  return { ...rest, parts, workers: workers.map(({ model }, i) => ({ model, batches: sampled(parts[i]!, batch, i) })) };
}

export type Deal = "iid" | "sorted";

/** Each row with a 1 behind it, divided by the mean norm of such rows. */
function normalised(data: Dataset): Dataset {
  const width = data.inputs.length / data.rows;
  const inputs = new Float32Array(data.rows * (width + 1));
  let norms = 0;
  for (let row = 0; row < data.rows; row++) {
    const own = data.inputs.subarray(row * width, (row + 1) * width);
    inputs.set(own, row * (width + 1));
    inputs[(row + 1) * (width + 1) - 1] = 1;
    norms += Math.sqrt(dot(own, own) + 1);
  }
  for (let j = 0; j < inputs.length; j++) inputs[j]! /= norms / data.rows;
  return { ...data, inputShape: [width + 1], inputs };
}

/** Full gradients of a risk over each part. */
export function federation(risk: Risk, parts: readonly Rows[]): Federation {
  const { width } = parts[0]!;
  return {
    f: meanOf(parts.map((rows) => risk.on(rows))),
    curvature: risk.curvature(parts),
    parts,
    workers: parts.map((rows) => {
      const batch = fullBatch(rows);
      return { model: riskModel(risk.loss.name, risk, { width, classes: 2 }), batches: { at: () => batch } };
    }),
  };
}

/** `size` rows drawn anew each round, with replacement. */
export function sampled(rows: Rows, size: number, worker: number): TrialWorker["batches"] {
  const rng = Random.fromSeed(1).split(`batches/${worker}`);
  return {
    at: (round: number) =>
      fullBatch(
        pick(
          rows,
          Uint32Array.from({ length: size }, (_, k) => rng.below(round * size + k, rows.count)),
        ),
      ),
  };
}

/** Blocks of ⌊N/n⌋ rows in order; the last takes the remainder too. */
function split(data: Dataset, rows: readonly number[], workers: number): Rows[] {
  const size = Math.floor(rows.length / workers);
  return Array.from({ length: workers }, (_, i) =>
    sparseRows(data, rows.slice(i * size, i === workers - 1 ? undefined : (i + 1) * size)),
  );
}
