/**
 * Regularisers of weights.
 */
import type { Tensor } from "./define.ts";

/** ‖w‖², the sum of squares. */
export const squaredNorm = (w: Tensor): Tensor => w.ref.mul(w).sum();

/** Σ w²/(1 + w²): each entry costs less than 1, so large weights are not pulled back; not convex. */
export function boundedNorm(w: Tensor): Tensor {
  const squares = w.ref.mul(w);
  return squares.ref.div(squares.add(1)).sum();
}
