import { numpy as np } from "@jax-js/jax";
import type { Tensor } from "../define.ts";
import type { Pass } from "../pass.ts";

/**
 * Dropout: in training each entry becomes 0 with probability `rate`, the others grow by 1/(1 − rate). Which ones is drawn
 * from the batch, so a gradient stays a function of parameters and batch.
 * @param rate at least 0, below 1
 * @see Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
 */
export function dropout(x: Tensor, rate: number, pass: Pass): Tensor {
  if (!pass.training || rate === 0) return x;
  const kept = pass.uniform(x.shape).greaterEqual(rate);
  return x.mul(kept.astype(np.float32).mul(1 / (1 - rate)));
}
