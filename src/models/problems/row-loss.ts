/**
 * Losses of one row, as functions ℓ(s, y) of its score s = z·x and its target y, with their derivatives in s.
 */
import { exp, log } from "../../base/maths.ts";

export interface RowLoss {
  readonly name: string;
  /** ∂ℓ/∂s */
  slope(score: number, target: number): number;
  /** ℓ(s, y). @param slope ∂ℓ/∂s there, which spares the exponential */
  value(score: number, target: number, slope: number): number;
  /** ∂²ℓ/∂s² */
  bend(score: number, target: number): number;
  /** The largest ∂²ℓ/∂s² of all. */
  readonly bendMost: number;
}

/** ℓ = s: the gradient is the row itself, whatever x is. */
export const linear: RowLoss = {
  name: "linear",
  value: (score) => score,
  slope: () => 1,
  bend: () => 0,
  bendMost: 0,
};

/** ℓ = ½(s − y)² */
export const squares: RowLoss = {
  name: "least-squares",
  value: (score, target) => 0.5 * (score - target) ** 2,
  slope: (score, target) => score - target,
  bend: () => 1,
  bendMost: 1,
};

/** ℓ = log(1 + exp(−y s)), y = ±1, finite for scores of any size. */
export const logistic: RowLoss = {
  name: "logistic",
  value(score, target, slope) {
    // The larger of the shares σ(m) and σ(−m), at least ½, has a logarithm without cancellation.
    const share = Math.abs(slope);
    return Math.max(0, -target * score) - log(Math.max(share, 1 - share));
  },
  slope: (score, target) => -target * sigmoid(-target * score),
  bend(score) {
    const share = sigmoid(score);
    return share * (1 - share);
  },
  bendMost: 0.25,
};

function sigmoid(m: number): number {
  const e = exp(-Math.abs(m));
  return (m >= 0 ? 1 : e) / (1 + e);
}
