/**
 * Maximum-variation averaging: the averages of g and g² of each entry take the new gradient with the weight, within bounds,
 * that makes their variance largest. So a sudden change is taken up at once, and noise is averaged long.
 *
 *     u = ũ/w, v = ṽ/w of the past, σ² = max(0, v − u²), Δ² = (g − u)²
 *     β* = (Δ² + σ²)/((Δ² − σ²) w + Δ² + σ²),   β = min(max(β*, low), high);   high in the first step and where 0/0
 *     ũ ← β ũ + (1 − β) g;   ṽ ← β ṽ + (1 − β) g²;   w ← β w + (1 − β)
 *
 * @see Zhu, Cheng, Gan, Huang, Liu & Goldstein 2020, "MaxVA: Fast Adaptation of Step Sizes by Maximizing Observed Variance
 * of Gradients", arXiv:2006.11918
 */
import { ConfigError } from "../base/errors.ts";
import type { MakeVector, Real } from "./optimizer.ts";
import { type Options, weight } from "./options.ts";

export interface WeightBounds {
  readonly low: number;
  readonly high: number;
}

export const weightBounds = (low: number, high: number): Options<WeightBounds> => ({
  low: weight("least weight of the past", low),
  high: weight("most weight of the past", high),
});

/** @throws {ConfigError} if there is no weight between them */
export function checkBounds({ low, high }: WeightBounds, where: string): void {
  if (low > high) throw new ConfigError(`${where}: low`, { expected: `at most high = ${high}`, got: low });
}

/** β of one entry. @param w sum of weights so far; 0 before the first step */
export function mostVaried(sum: number, squares: number, w: number, g: number, { low, high }: WeightBounds): number {
  if (w === 0) return high;
  const mean = sum / w;
  const variance = Math.max(0, squares / w - mean * mean);
  const change = (g - mean) * (g - mean);
  const denominator = (change - variance) * w + change + variance;
  return denominator === 0 ? high : Math.min(high, Math.max(low, (change + variance) / denominator));
}

/** ũ, ṽ and w of every entry. */
export class VariedAverages {
  readonly state: Readonly<Record<"sum" | "squares" | "weights", Real>>;
  readonly #bounds: WeightBounds;

  constructor(bounds: WeightBounds, length: number, make: MakeVector) {
    this.state = { sum: make(length), squares: make(length), weights: make(length) };
    this.#bounds = bounds;
  }

  absorb(gradient: Real): void {
    const { sum, squares, weights } = this.state;
    for (let i = 0; i < gradient.length; i++) {
      const g = gradient[i]!;
      const beta = mostVaried(sum[i]!, squares[i]!, weights[i]!, g, this.#bounds);
      sum[i] = beta * sum[i]! + (1 - beta) * g;
      squares[i] = beta * squares[i]! + (1 - beta) * g * g;
      weights[i] = beta * weights[i]! + (1 - beta);
    }
  }

  /** √(ṽ/w) of entry i. */
  root(i: number): number {
    return Math.sqrt(this.state.squares[i]! / this.state.weights[i]!);
  }
}
