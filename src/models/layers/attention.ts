import { numpy as np } from "@jax-js/jax";
import type { Tensor } from "../define.ts";
import { softmax } from "./activations.ts";

/** Far below every score; infinity would make NaN of the differences that carry gradients. */
const NEVER = -1e9;

/**
 * Causal self-attention of several heads: position t looks at positions up to t.
 * @param x queries, keys and values side by side, [rows, positions, 3 · width]
 * @returns [rows, positions, width]
 * @see Vaswani et al. 2017, "Attention Is All You Need", arXiv:1706.03762
 */
export function causalAttention(x: Tensor, heads: number): Tensor {
  const [rows = 1, positions = 1, triple = 3] = x.shape;
  const width = triple / 3;
  const parts = np.split(x, 3, -1).map((part) => part.reshape([rows, positions, heads, width / heads]));
  const [query, key, value] = parts.map((part) => part.transpose([0, 2, 1, 3])) as [Tensor, Tensor, Tensor];
  const scores = np.matmul(query.mul(1 / Math.sqrt(width / heads)), key.transpose([0, 1, 3, 2]));
  const past = np.tri(positions, positions, 0, { dtype: np.bool });
  const shares = softmax(np.where(past, scores, NEVER));
  return np.matmul(shares, value).transpose([0, 2, 1, 3]).reshape([rows, positions, width]);
}
