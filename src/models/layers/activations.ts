import { lax, nn, numpy as np } from "@jax-js/jax";
import type { Tensor } from "../define.ts";

const FACTOR = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/**
 * GELU by its tanh formula, x · σ(2√(2/π)(x + 0.044715 x³)), with the gradient written down: three passes, not twelve.
 * @see Hendrycks & Gimpel 2016, "Gaussian Error Linear Units", arXiv:1606.08415
 */
export function gelu(x: Tensor): Tensor {
  const still = lax.stopGradient(x.ref);
  const moving = x.sub(still.ref); // 0, with the gradient of x
  const square = still.ref.mul(still.ref);
  const share = nn.sigmoid(still.ref.mul(square.ref.mul(FACTOR * CUBIC).add(FACTOR)));
  const value = still.mul(share.ref);
  const inner = square.mul(3 * FACTOR * CUBIC).add(FACTOR);
  const slope = share.ref.add(value.ref.mul(np.subtract(1, share)).mul(inner));
  return value.add(moving.mul(slope));
}

/** Softmax along the last dimension, with the gradient p ⊙ (g − Σ p g) written down. */
export function softmax(x: Tensor): Tensor {
  const still = lax.stopGradient(x.ref);
  const moving = x.sub(still.ref);
  const shares = nn.softmax(still, -1);
  const weighted = shares.ref.mul(moving);
  return shares.ref.add(weighted.ref.sub(shares.mul(weighted.sum(-1, { keepdims: true }))));
}
