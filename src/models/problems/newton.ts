/**
 * The minimum of a smooth convex problem of moderate size, to f64: Newton's method, its equations solved by conjugate
 * gradients, with a step that is halved until f falls. What experiments call f*.
 */
import { dot, type Problem } from "./problem.ts";

const STEPS_MAX = 100;
const GRADIENT_NORM = 1e-13;

export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
}

/** @param problem convex, with `hessianTimes`; starts from 0 */
export function minimum(problem: Problem): Minimum {
  const { length } = problem;
  let x = new Float64Array(length);
  const gradient = new Float64Array(length);
  let value = problem.at(x, gradient);
  for (let step = 0; step < STEPS_MAX && Math.sqrt(dot(gradient, gradient)) > GRADIENT_NORM; step++) {
    const direction = solve(problem, x, gradient);
    const tried = new Float64Array(length);
    let next = Number.POSITIVE_INFINITY;
    for (let share = 1; share > 1e-10 && !(next <= value); share /= 2) {
      for (let j = 0; j < length; j++) tried[j] = x[j]! - share * direction[j]!;
      next = problem.at(tried);
    }
    if (!(next <= value)) break; // f cannot fall further in f64
    x = tried;
    value = problem.at(x, gradient);
  }
  return { x, value };
}

/** p with ∇²f(x) p = b. */
function solve(problem: Problem, x: Float64Array, b: Float64Array): Float64Array {
  const p = new Float64Array(b.length);
  const residual = b.slice();
  const search = b.slice();
  const product = new Float64Array(b.length);
  let size = dot(residual, residual);
  const enough = 1e-24 * size;
  for (let k = 0; k < 4 * b.length && size > enough; k++) {
    problem.hessianTimes!(x, search, product);
    const along = size / dot(search, product);
    for (let j = 0; j < p.length; j++) {
      p[j]! += along * search[j]!;
      residual[j]! -= along * product[j]!;
    }
    const before = size;
    size = dot(residual, residual);
    for (let j = 0; j < p.length; j++) search[j] = residual[j]! + (size / before) * search[j]!;
  }
  return p;
}
