/**
 * Tests of whether a batch is large enough for its gradient g to point downhill. Each asks how many samples would bring a
 * variance below its bound; the batch passes if it has as many. With V the variance over samples,
 *
 *     norm            V(g_i)/b ≤ θ²‖g‖²
 *     inner product   V(⟨g_i, g⟩)/b ≤ θ²‖g‖⁴
 *     orthogonality   V(g_i − (⟨g_i, g⟩/‖g‖²) g)/b ≤ ν²‖g‖²
 *     augmented       the inner product and the orthogonality test
 *
 * @see Bollapragada, Byrd & Nocedal 2017, "Adaptive Sampling Strategies for Stochastic Optimization", arXiv:1710.11258
 */
import { type Deviations, varianceOf } from "./deviations.ts";

/** The smallest batch that passes: a whole number, 0 where all gradients are the same. Needs ‖g‖ > 0 and M ≥ 2. */
export type BatchTest = (deviations: Deviations) => number;

/** @param theta θ > 0 */
export const normTest =
  (theta = 0.9): BatchTest =>
  (seen) =>
    needed(seen, seen.total, theta ** 2 * seen.squaredNorm);

/** @param theta θ > 0 */
export const innerProductTest =
  (theta = 0.9): BatchTest =>
  (seen) =>
    needed(seen, seen.along, theta ** 2 * seen.squaredNorm ** 2);

/** @param nu ν > 0; 5.84 = tan 80° */
export const orthogonalityTest =
  (nu = 5.84): BatchTest =>
  (seen) => {
    const across = Math.max(0, seen.total - seen.along / seen.squaredNorm); // Pythagoras, for each gradient
    return needed(seen, across, nu ** 2 * seen.squaredNorm);
  };

/** @param theta θ > 0 @param nu ν > 0 */
export function augmentedTest(theta = 0.9, nu = 5.84): BatchTest {
  const inner = innerProductTest(theta);
  const orthogonal = orthogonalityTest(nu);
  return (seen) => Math.max(inner(seen), orthogonal(seen));
}

/** Samples at which the variance that `sum` gives meets its bound. */
const needed = (seen: Deviations, sum: number, bound: number): number => Math.ceil(varianceOf(seen, sum) / bound);
