/**
 * Quadratics f = ½(x − c)ᵀ QΛQᵀ (x − c) of a chosen spectrum, with exact constants; Q is a product of reflections.
 */
import { log, pow } from "../../base/maths.ts";
import type { Random } from "../../base/random.ts";
import { dot, type Problem } from "./problem.ts";

/** Eigenvalues from L down to μ, d of them; both ends are met where d ≥ 2. */
export type Spectrum = (length: number, mu: number, L: number) => number[];

const between = (length: number, at: (share: number) => number): number[] =>
  Array.from({ length }, (_, i) => at(length === 1 ? 0 : i / (length - 1)));

/** Evenly spaced. */
export const linearSpectrum: Spectrum = (length, mu, L) => between(length, (share) => L + share * (mu - L));

/** Evenly spaced logarithms. */
export const logSpectrum: Spectrum = (length, mu, L) => between(length, (share) => L * pow(mu / L, share));

/** L·i^−p with p such that the last is μ. */
export const powerSpectrum: Spectrum = (length, mu, L) => {
  const p = log(L / mu) / log(Math.max(2, length));
  return Array.from({ length }, (_, i) => L * pow(i + 1, -p));
};

/** Half of them L, half of them μ. */
export const clusteredSpectrum: Spectrum = (length, mu, L) => between(length, (share) => (share < 0.5 ? L : mu));

const REFLECTIONS = 3;

/** @param eigenvalues all ≥ 0 @param center c @param rng decides Q */
export function quadratic(eigenvalues: readonly number[], center: readonly number[], rng: Random): Problem {
  const length = eigenvalues.length;
  const normals = Array.from({ length: REFLECTIONS }, (_, k) => unit(length, rng.split(`reflection/${k}`)));
  const inverse = normals.toReversed(); // each reflection is its own inverse
  const y = new Float64Array(length);
  /** v ← QΛQᵀ v */
  const times = (v: Float64Array): void => {
    for (const normal of inverse) reflect(v, normal);
    for (let j = 0; j < length; j++) v[j]! *= eigenvalues[j]!;
    for (const normal of normals) reflect(v, normal);
  };
  const smallest = Math.min(...eigenvalues);
  return {
    name: "quadratic",
    length,
    constants: {
      L: Math.max(...eigenvalues),
      ...(smallest > 0 ? { mu: smallest, minimiser: center } : {}),
      least: 0,
    },
    at(x, gradient) {
      const away = Float64Array.from({ length }, (_, j) => x[j]! - center[j]!);
      y.set(away);
      times(y);
      gradient?.set(y);
      return 0.5 * dot(away, y);
    },
    hessianTimes(_, v, out) {
      out.set(v);
      times(out);
    },
  };
}

/**
 * One problem a worker, f_i = f + ⟨δ_i, x⟩ with Σ δ_i = 0: the mean is f, its minimum stays, and ‖∇f_i − ∇f‖ = ‖δ_i‖
 * everywhere.
 * @param spread √((1/n) Σ ‖δ_i‖²)
 */
export function heterogeneous(problem: Problem, workers: number, spread: number, rng: Random): Problem[] {
  const { length } = problem;
  const drawn = Array.from({ length: workers }, (_, i) =>
    Float64Array.from({ length }, (_, j) => rng.split(`worker/${i}`).normal(j)),
  );
  const mean = Float64Array.from({ length }, (_, j) => drawn.reduce((sum, d) => sum + d[j]!, 0) / workers);
  for (const d of drawn) for (let j = 0; j < length; j++) d[j]! -= mean[j]!;
  const size = Math.sqrt(drawn.reduce((sum, d) => sum + dot(d, d), 0) / workers);
  return drawn.map((d) => {
    const shift = d.map((entry) => (size === 0 ? 0 : (spread * entry) / size));
    return {
      ...problem,
      name: `${problem.name}, shifted`,
      constants: { ...(problem.constants.L === undefined ? {} : { L: problem.constants.L }) },
      at(x, gradient) {
        const value = problem.at(x, gradient);
        if (gradient !== undefined) for (let j = 0; j < length; j++) gradient[j]! += shift[j]!;
        return value + dot(shift, x);
      },
    };
  });
}

function unit(length: number, rng: Random): Float64Array {
  const v = Float64Array.from({ length }, (_, j) => rng.normal(j));
  const norm = Math.sqrt(dot(v, v));
  return v.map((entry) => entry / norm);
}

/** v ← v − 2⟨n, v⟩n */
function reflect(v: Float64Array, normal: Float64Array): void {
  const along = 2 * dot(normal, v);
  for (let j = 0; j < v.length; j++) v[j]! -= along * normal[j]!;
}
