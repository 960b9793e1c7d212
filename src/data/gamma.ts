/**
 * Gamma and Dirichlet variates, drawn in log space so that a concentration of 0.001 still gives shares and not 0/0.
 */
import { exp, log } from "../base/maths.ts";
import type { Random } from "../base/random.ts";

/**
 * A source of ln G, G ~ Gamma(shape, 1). Squeeze and rejection for shape ≥ 1; below, G(shape + 1) · U^{1/shape}.
 * @see Marsaglia & Tsang 2000, "A simple method for generating gamma variables"
 */
export function logGammas(rng: Random): (shape: number) => number {
  const normals = rng.split("normal");
  const uniforms = rng.split("uniform");
  const boosts = rng.split("boost");
  let trial = 0;

  const logGammaFromOne = (shape: number): number => {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normals.normal(trial);
      const u = openUniform(uniforms, trial);
      trial += 1;
      const root = 1 + c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      if (log(u) < (x * x) / 2 + d - d * v + d * log(v)) return log(d) + log(v);
    }
  };
  return (shape) =>
    shape >= 1 ? logGammaFromOne(shape) : logGammaFromOne(shape + 1) + log(openUniform(boosts, trial)) / shape;
}

/** Shares ~ Dirichlet(concentration · 1), which sum to 1. @param concentration above 0 */
export function dirichlet(concentration: number, length: number, logGamma: (shape: number) => number): Float64Array {
  const shares = Float64Array.from({ length }, () => logGamma(concentration));
  const largest = shares.reduce((most, share) => Math.max(most, share), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let i = 0; i < length; i++) sum += shares[i] = exp(shares[i]! - largest);
  for (let i = 0; i < length; i++) shares[i]! /= sum;
  return shares;
}

/** Uniform on (0, 1], so that its logarithm is finite. */
const openUniform = (rng: Random, i: number): number => (rng.u32(i) + 1) * 2 ** -32;
