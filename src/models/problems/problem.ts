/**
 * Problem: a function whose value, gradient and constants are written down, so that theory can be held against it.
 */
import type { Real } from "../../optimizers/optimizer.ts";

/** What is known of a problem in closed form; a constant that is not known is absent. */
export interface Constants {
  /** Smoothness: ‖∇f(x) − ∇f(y)‖ ≤ L‖x − y‖. */
  readonly L?: number;
  /** Strong convexity, or the PL constant: ½‖∇f‖² ≥ μ(f − f*). */
  readonly mu?: number;
  /** (L0, L1)-smoothness: ‖∇²f‖ ≤ L0 + L1‖∇f‖. */
  readonly L0?: number;
  readonly L1?: number;
  /** f* */
  readonly least?: number;
  /** x* */
  readonly minimiser?: readonly number[];
}

export interface Problem {
  readonly name: string;
  /** d */
  readonly length: number;
  readonly constants: Constants;
  /** f(x), in f64; ∇f(x), or a subgradient, is written into `gradient` where one is given. */
  at(x: Real, gradient?: Float64Array): number;
  /** out = ∇²f(x) v, where the second derivative is known. */
  hessianTimes?(x: Real, v: Float64Array, out: Float64Array): void;
}

/** ‖∇f(x)‖² */
export function squaredGradientNorm(problem: Problem, x: Real): number {
  const gradient = new Float64Array(problem.length);
  problem.at(x, gradient);
  return dot(gradient, gradient);
}

/** f = (1/n) Σ f_i: what n workers of equal weight minimise together. Constants are left to the caller. */
export function meanOf(problems: readonly Problem[], constants: Constants = {}): Problem {
  const { length, name } = problems[0]!;
  const part = new Float64Array(length);
  const addPart = (out: Float64Array) => {
    for (let i = 0; i < length; i++) out[i]! += part[i]! / problems.length;
  };
  return {
    name: `mean of ${problems.length} × ${name}`,
    length,
    constants,
    at(x, gradient) {
      let value = 0;
      gradient?.fill(0);
      for (const problem of problems) {
        value += problem.at(x, gradient && part) / problems.length;
        if (gradient !== undefined) addPart(gradient);
      }
      return value;
    },
    hessianTimes(x, v, out) {
      out.fill(0);
      for (const problem of problems) {
        problem.hessianTimes!(x, v, part);
        addPart(out);
      }
    },
  };
}

export function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}
