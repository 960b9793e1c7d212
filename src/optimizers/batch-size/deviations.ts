/**
 * How far the gradients of a batch lie from their mean g, as the two sums that all tests of batch sizes are made of,
 *
 *     total = Σ ‖g_i − g‖²,   along = Σ (⟨g_i, g⟩ − ‖g‖²)².
 *
 * They add up over samples and over workers: with the mean g^j of each worker's equal part in place of a sample's gradient
 * an estimate over all of them takes one all-reduce of two numbers, once g is known.
 */
import type { Real } from "../optimizer.ts";

export interface Deviations {
  /** b: samples in the batch. */
  readonly batch: number;
  /** M: gradients that were compared, of b/M samples each; M = b for those of single samples. */
  readonly groups: number;
  /** ‖g‖² */
  readonly squaredNorm: number;
  /** Σ ‖g_i − g‖² over the groups. */
  readonly total: number;
  /** Σ (⟨g_i, g⟩ − ‖g‖²)² over the groups. */
  readonly along: number;
  /** g is the gradient of the whole loss and not of this batch: variances divide by M, not M − 1. */
  readonly exact?: boolean;
}

/** One group's part of `total` and `along`. @param mean g */
export function deviationOf(gradient: Real, mean: Real): { readonly total: number; readonly along: number } {
  let total = 0;
  let product = 0;
  for (let i = 0; i < mean.length; i++) {
    const off = gradient[i]! - mean[i]!;
    total += off * off;
    product += off * mean[i]!;
  }
  return { total, along: product * product };
}

/**
 * @param gradients of the groups: single samples, or equal parts of the batch
 * @param mean g: their mean, or with `exact` the gradient of the whole loss
 */
export function deviations(
  gradients: readonly Real[],
  mean: Real,
  { batch = gradients.length, exact = false }: { readonly batch?: number; readonly exact?: boolean } = {},
): Deviations {
  let [total, along, squaredNorm] = [0, 0, 0];
  for (const gradient of gradients) {
    const part = deviationOf(gradient, mean);
    total += part.total;
    along += part.along;
  }
  for (const value of mean) squaredNorm += value * value;
  return { batch, groups: gradients.length, squaredNorm, total, along, exact };
}

/** The variance of one sample that a sum of squares over the groups gives: σ² from `total`. A group is b/M samples. */
export const varianceOf = ({ batch, groups, exact }: Deviations, sum: number): number =>
  ((batch / groups) * sum) / (exact ? groups : groups - 1);
