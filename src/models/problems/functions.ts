/**
 * Small functions at which methods show what they can and cannot do.
 */
import { exp, sin } from "../../base/maths.ts";
import type { Constants, Problem } from "./problem.ts";

/** f(x) = Σ_j φ(x_j) from φ and φ′. */
const separable = (
  name: string,
  length: number,
  constants: Constants,
  value: (x: number, j: number) => number,
  slope: (x: number, j: number) => number,
): Problem => ({
  name,
  length,
  constants,
  at(x, gradient) {
    let sum = 0;
    for (let j = 0; j < length; j++) {
      sum += value(x[j]!, j);
      if (gradient !== undefined) gradient[j] = slope(x[j]!, j);
    }
    return sum;
  },
});

/**
 * f = x² + 3 sin² x: not convex, yet every stationary point is the minimum (Polyak-Łojasiewicz). f″ = 2 + 6 cos 2x ≤ 8;
 * μ = 0.17553098588 is the largest that holds, at |x| ≈ 2.2017092, where the literature is content with 1/32.
 * @see Karimi, Nutini & Schmidt 2016, arXiv:1608.04636
 */
export const polyakLojasiewicz: Problem = separable(
  "x² + 3 sin² x",
  1,
  { L: 8, mu: 0.17553098588, least: 0, minimiser: [0] },
  (x) => x ** 2 + 3 * sin(x) ** 2,
  (x) => 2 * x + 3 * sin(2 * x),
);

/** f = x⁴: no L holds everywhere, but (L0, L1) = (16/L1², L1) does for each L1 > 0; here L1 = 1. */
export const quartic: Problem = separable(
  "x⁴",
  1,
  { L0: 16, L1: 1, least: 0, minimiser: [0] },
  (x) => x ** 4,
  (x) => 4 * x ** 3,
);

/** f = Σ_j a_j (exp(x_j) + exp(−x_j)): (L0, L1)-smooth with L0 = 2 max a, L1 = 1, and f* = 2 Σ a. */
export const exponential = (weights: readonly number[] = [1]): Problem =>
  separable(
    "eˣ + e⁻ˣ",
    weights.length,
    {
      L0: 2 * Math.max(...weights),
      L1: 1,
      least: 2 * weights.reduce((sum, a) => sum + a, 0),
      minimiser: weights.map(() => 0),
    },
    (x, j) => weights[j]! * (exp(x) + exp(-x)),
    (x, j) => weights[j]! * (exp(x) - exp(-x)),
  );

/**
 * f = ε|x_1 + x_2| + |x_1 − x_2|, ε in (0, 1), with the subgradient that takes sign(0) = +1. Its signs are always ±(1, −1),
 * so sign steps never change x_1 + x_2.
 * @see Karimireddy, Rebjock, Stich & Jaggi 2019, arXiv:1901.09847
 */
export const crossedRidges = (eps: number): Problem => ({
  name: "ε|x₁ + x₂| + |x₁ − x₂|",
  length: 2,
  constants: { least: 0, minimiser: [0, 0] },
  at(x, gradient) {
    const [sum, difference] = [x[0]! + x[1]!, x[0]! - x[1]!];
    const [along, across] = [sum >= 0 ? eps : -eps, difference >= 0 ? 1 : -1];
    if (gradient !== undefined) [gradient[0], gradient[1]] = [along + across, along - across];
    return eps * Math.abs(sum) + Math.abs(difference);
  },
});

/** f = Σ_j m_j x_j²/‖x‖²: ⟨x, ∇f⟩ = 0, ∇f(c x) = ∇f(x)/c, and f* is the least m_j. */
export const scaleInvariant = (m: readonly number[]): Problem => ({
  name: "xᵀMx/‖x‖²",
  length: m.length,
  constants: { least: Math.min(...m) },
  at(x, gradient) {
    let [above, below] = [0, 0];
    for (const [j, weight] of m.entries()) {
      above += weight * x[j]! ** 2;
      below += x[j]! ** 2;
    }
    const value = above / below;
    if (gradient !== undefined)
      for (const [j, weight] of m.entries()) gradient[j] = (2 * (weight - value) * x[j]!) / below;
    return value;
  },
});
