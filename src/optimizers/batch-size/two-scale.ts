/**
 * Two scales: SGD with constant step size 1/L and batch n until its error has fallen to the floor of the noise, then a
 * batch m times larger, and so on: samples are spent where they help, and rounds per stage stay few.
 *
 *     PL (or strongly convex):  D_K ≤ r^K D + F (1 − r^K),   r = 1 − μ/L,   F = σ²/(2μn)
 *     nonconvex:                (1/K) Σ‖∇f‖² ≤ 2D/(ηK) + Lησ²/n
 *
 * A stage ends where D is due to fall to F, or where both terms are the same.
 * The bounds are the standard ones; the idea of the two scales is the paper's.
 * @see Gao, Koppel & Ribeiro 2020, "Balancing Rates and Variance via Adaptive Batch-Size", arXiv:2007.01219
 */
import { log, pow } from "../../base/maths.ts";

export interface TwoScaleProblem {
  /** L */
  readonly smoothness: number;
  /** σ²: variance of one sample's gradient. */
  readonly variance: number;
}

export interface Stage {
  /** n: samples a step. */
  readonly batch: number;
  /** K: steps; infinite where σ² = 0, for then this batch will do. */
  readonly rounds: number;
}

export interface PlStage extends Stage {
  /** F: what the error falls to with this batch. */
  readonly floor: number;
  /** D after the stage. */
  readonly gap: number;
}

/** A stage under the PL condition. @param mu μ in (0, L] @param batch n @param gap D ≥ f(x) − f* before it */
export function plStage(
  { smoothness, variance }: TwoScaleProblem,
  mu: number,
  { batch, gap }: { readonly batch: number; readonly gap: number },
): PlStage {
  const rate = 1 - mu / smoothness;
  const floor = variance / (2 * mu * batch);
  const rounds = gap > floor && rate > 0 ? Math.max(1, Math.ceil(log(floor / gap) / log(rate))) : 1;
  const left = pow(rate, rounds);
  return { batch, floor, rounds, gap: left * gap + floor * (1 - left) };
}

/**
 * The stages until D ≤ target.
 * @param grow the next n from the last: twice as many unless said otherwise, or n + β
 */
export function* plStages(
  problem: TwoScaleProblem,
  mu: number,
  start: { readonly batch: number; readonly gap: number },
  target: number,
  grow: (batch: number) => number = (batch) => 2 * batch,
): Generator<PlStage> {
  let { batch, gap } = start;
  while (gap > target) {
    const stage = plStage(problem, mu, { batch, gap });
    yield stage;
    gap = stage.gap;
    batch = grow(batch);
  }
}

/** A stage where nothing is known but smoothness: K = ⌈2Dn/(Lη²σ²)⌉. */
export const nonconvexStage = (
  { smoothness, variance }: TwoScaleProblem,
  learningRate: number,
  { batch, gap }: { readonly batch: number; readonly gap: number },
): Stage => ({
  batch,
  rounds: Math.max(1, Math.ceil((2 * gap * batch) / (smoothness * learningRate ** 2 * variance))),
});

/** One line for each condition that is broken. */
export const twoScaleWarnings = (
  { smoothness, variance }: TwoScaleProblem,
  learningRate: number,
): readonly string[] => [
  ...(learningRate * smoothness > 1
    ? [`two-scale batches need η at most 1/L = ${1 / smoothness}, not ${learningRate}`]
    : []),
  ...(variance === 0 ? ["two-scale batches need an estimate of the noise; σ² = 0 lets no batch grow"] : []),
];
