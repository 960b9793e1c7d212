/**
 * Arithmetic of few bits, simulated: layers see inputs, weights and biases rounded to 2^bits levels,
 * while gradients pass as if nothing were rounded.
 * @see Aketi, Kodge & Roy 2021, "Low Precision Decentralized Distributed Training over IID and non-IID Data", arXiv:2111.09389
 */
import { lax, numpy as np } from "@jax-js/jax";
import type { Tensor } from "../define.ts";

let bits: number | undefined;

/** Traces layers that round to so many bits. */
export function atPrecision<T>(wanted: number, trace: () => T): T {
  const outer = bits;
  bits = wanted;
  try {
    return trace();
  } finally {
    bits = outer;
  }
}

/** Weights or biases, rounded between their least and their largest entry. */
export const roundedWeights = (w: Tensor): Tensor =>
  bits === undefined ? w : rounded(w, bits, (still) => [np.min(still.ref), np.max(still)]);

const held = new WeakSet<Tensor>();

/**
 * A weight in int8, symmetric: multiples of 2 max|w|/127. The factor 2 leaves room for a tensor that grows while it is held.
 * A layer that is given it takes its inputs in int8 as well.
 * @see Pfeiffer, Rapp, Khalili & Henkel 2023, arXiv:2203.05468
 */
export function heldInt8(w: Tensor): Tensor {
  const result = int8(w, 2);
  held.add(result);
  return result;
}

/** Multiples of headroom · max|x|/127, with the gradient of x itself. */
function int8(x: Tensor, headroom: number): Tensor {
  const still = lax.stopGradient(x.ref);
  const moving = x.sub(still.ref); // 0, with the gradient of x
  const step = np.maximum(np.max(np.abs(still.ref)).mul(headroom / 127), 1e-30);
  return np.floor(still.div(step.ref).add(0.5)).mul(step).add(moving);
}

/**
 * Activations [rows, ...] of a layer. At a precision they are rounded between the means of what is least and largest in each
 * row, and what is outside is cut; before a weight that is held in int8 they are multiples of max|x|/127.
 */
export function roundedInputs(x: Tensor, weight: Tensor): Tensor {
  if (held.has(weight)) return int8(x, 1);
  if (bits === undefined) return x;
  const rows = x.shape[0] ?? 1;
  return rounded(x, bits, (still) => {
    const flat = still.reshape([rows, -1]);
    return [np.min(flat.ref, 1).mean(), np.max(flat, 1).mean()];
  });
}

/** The nearest of 2^bits evenly spaced levels, with the gradient of x itself. */
function rounded(x: Tensor, width: number, rangeOf: (still: Tensor) => [low: Tensor, high: Tensor]): Tensor {
  const still = lax.stopGradient(x.ref);
  const moving = x.sub(still.ref); // 0, with the gradient of x
  const [low, high] = rangeOf(still.ref);
  const step = np.maximum(high.ref.sub(low.ref).mul(1 / (2 ** width - 1)), 1e-30);
  const inside = np.minimum(np.maximum(still, low.ref), high);
  const level = np.floor(inside.sub(low.ref).div(step.ref).add(0.5));
  return level.mul(step).add(low).add(moving);
}
