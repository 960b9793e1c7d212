/**
 * The largest eigenvalue of a symmetric positive semi-definite matrix that is known by its products, by power iteration.
 */
import { dot } from "./problem.ts";

/** The eigenvalue is off by at most ‖Av − λv‖²/gap, so this residual gives it to a relative 10⁻⁹ or better. */
const RESIDUAL = 1e-7;
const ITERATIONS_MAX = 20_000;

/** @param times writes A v into out */
export function largestEigenvalue(length: number, times: (v: Float64Array, out: Float64Array) => void): number {
  const v = Float64Array.from({ length }, (_, j) => 1 + (j % 7) / 10); // at right angles to no likely eigenvector
  const out = new Float64Array(length);
  let value = 0;
  for (let iteration = 0; iteration < ITERATIONS_MAX; iteration++) {
    const norm = Math.sqrt(dot(v, v));
    if (norm === 0) return 0;
    for (let j = 0; j < length; j++) v[j]! /= norm;
    times(v, out);
    value = dot(v, out);
    const squaredResidual = dot(out, out) - value ** 2;
    v.set(out);
    if (squaredResidual <= (RESIDUAL * value) ** 2) break;
  }
  return value;
}
