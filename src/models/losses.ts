/**
 * Losses that models share, written so that they stay finite for scores of any size.
 */
import { lax, nn, numpy as np } from "@jax-js/jax";
import type { Tensor } from "./define.ts";

/**
 * Mean softmax cross-entropy.
 * @param scores shape [rows, classes]
 * @param y classes, int32, shape [rows]
 */
export function crossEntropy(scores: Tensor, y: Tensor): Tensor {
  const [rows = 1, classes = 1] = scores.shape;
  return nn
    .logSoftmax(scores)
    .mul(nn.oneHot(y, classes))
    .sum()
    .mul(-1 / rows);
}

/**
 * Mean logistic loss log(1 + exp(−s·m)), s = ±1.
 * @param scores m, shape [rows]
 * @param y labels 0 or 1 for s = −1 or +1, int32, shape [rows]
 */
export function logisticLoss(scores: Tensor, y: Tensor): Tensor {
  const signs = y.astype(np.float32).mul(2).sub(1);
  const z = scores.mul(signs).neg();
  // log(exp(0) + exp(z)) shifted by the larger exponent, which takes no part in the gradient.
  const shift = lax.stopGradient(np.maximum(z.ref, 0));
  const sum = np.exp(shift.ref.neg()).add(np.exp(z.sub(shift.ref)));
  return np.log(sum).add(shift).mean();
}

/**
 * Mean of squared differences over all entries.
 * @param scores and `wanted`, of one shape
 */
export function meanSquares(scores: Tensor, wanted: Tensor): Tensor {
  const difference = scores.sub(wanted);
  return difference.ref.mul(difference).mean();
}
