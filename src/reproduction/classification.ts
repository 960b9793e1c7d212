/**
 * Binary classification on n workers: the two problems on which compressed methods are usually compared.
 */
import { riskModel } from "../models/problems/analytic-model.ts";
import { meanOf, type Problem } from "../models/problems/problem.ts";
import { Risk } from "../models/problems/risk.ts";
import { logistic } from "../models/problems/row-loss.ts";
import { fullBatch, type Rows, sparseRows } from "../models/problems/rows.ts";
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

/** Blocks of ⌊N/n⌋ rows in order; the last takes the remainder too. */
function split(data: Dataset, rows: readonly number[], workers: number): Rows[] {
  const size = Math.floor(rows.length / workers);
  return Array.from({ length: workers }, (_, i) =>
    sparseRows(data, rows.slice(i * size, i === workers - 1 ? undefined : (i + 1) * size)),
  );
}
