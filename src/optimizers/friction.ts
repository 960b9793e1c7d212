/**
 * Adam with a friction ξ of each entry, which shortens the step where the gradient has hardly changed:
 * x ← x − η ξ_t m̂_t/(√v̂_t + ε).
 *
 *     diffgrad   ξ = S(|g_{t−1} − g_t|), g_0 = 0
 *     dgrad      ξ = S(4 a/max a over the tensor), a = |g_t − r_t|
 *     cos1       ξ = S(4 c_t a/max a), c_t = 2 − |cos(πt/n)|·exp(−0.01 ((t mod n) + 1)), n = 30
 *
 * with S(z) = 1/(1 + e^{−z}), so ½ ≤ ξ < 1; a/max a is 0 where all a are. The reference r_t is v_t, as the paper words it
 * (to verify), or m_t, which has the gradient's dimension.
 * @see Dubey et al. 2019, "diffGrad: An Optimization Method for Convolutional Neural Networks", arXiv:1909.11015
 * @see Nanni, Maguolo & Lumini 2021, "Exploiting Adam-like Optimization Algorithms to Improve the Performance of
 * Convolutional Neural Networks", arXiv:2103.14689
 */

import type { Layout } from "../base/layout.ts";
import { cos, exp } from "../base/maths.ts";
import { correctedScale, type Moments, momentOptions, momentWarnings, moveBy } from "./adaptive.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { average, averageSquares } from "./elementwise.ts";
import type { MakeVector, Optimizer, Stepper } from "./optimizer.ts";
import { choice, number } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";

const sigmoid = (z: number): number => 1 / (1 + exp(-z));

export const diffGradEntry: BuildableEntry<Moments> = defineOptimizer<Moments>({
  name: "diffgrad",
  summary: "Adam, slower where the gradient stays the same",
  paper: "arXiv:1909.11015",
  law: "x ← x − η ξ m̂/(√v̂ + ε), ξ = S(|g_{t−1} − g_t|)",
  options: momentOptions(),
  memory: 3,
  examples: ["diffgrad"],
  open(options, { length }, make) {
    const m = make(length);
    const v = make(length);
    const previous = make(length);
    return stateful("diffgrad", { m, v, previous }, (params, gradient, learningRate, t) => {
      average(options.b1, gradient, m);
      averageSquares(options.b2, gradient, v);
      for (let i = 0; i < length; i++) {
        const g = gradient[i]!;
        gradient[i] = sigmoid(Math.abs(previous[i]! - g)) * m[i]!;
        previous[i] = g;
      }
      moveBy(correctedScale(learningRate, options, t), gradient, v, params);
    });
  },
  warnings: momentWarnings("diffgrad"),
});

export interface FrictionOptions extends Moments {
  /** r_t: v_t or m_t. */
  readonly reference: "sq-ema" | "grad-ema";
}

const frictionOptions = {
  ...momentOptions(),
  reference: choice("what gradients are compared with, v or m", ["sq-ema", "grad-ema"]),
};

export const dGradEntry: BuildableEntry<FrictionOptions> = defineOptimizer<FrictionOptions>({
  name: "dgrad",
  summary: "Adam, slower where the gradient is near its average",
  paper: "arXiv:2103.14689",
  law: "x ← x − η ξ m̂/(√v̂ + ε), ξ = S(4 |g − r|/max|g − r|)",
  options: frictionOptions,
  memory: 2,
  examples: ["dgrad", "dgrad:reference=grad-ema"],
  open: (options, layout, make) => withFriction("dgrad", (share) => sigmoid(4 * share), options, layout, make),
  warnings: momentWarnings("dgrad"),
});

export interface Cos1Options extends FrictionOptions {
  /** n ≥ 1. */
  readonly period: number;
}

export const cos1Entry: BuildableEntry<Cos1Options> = defineOptimizer<Cos1Options>({
  name: "cos1",
  summary: "DGrad whose friction comes and goes with a period",
  paper: "arXiv:2103.14689",
  law: "x ← x − η ξ m̂/(√v̂ + ε), ξ = S(4 c_t |g − r|/max|g − r|)",
  options: { ...frictionOptions, period: number("n, steps of a period", 30, { min: 1, integer: true }) },
  memory: 2,
  examples: ["cos1", "cos1:period=10"],
  open: ({ period, ...options }, layout, make) =>
    withFriction("cos1", (share, t) => sigmoid(4 * cosineFactor(t, period) * share), options, layout, make),
  warnings: momentWarnings("cos1"),
});

/** c_t. */
export const cosineFactor = (t: number, period: number): number =>
  2 - Math.abs(cos((Math.PI * (t % (2 * period))) / period)) * exp(-0.01 * ((t % period) + 1));

/** ξ in [0, 1] of a/max a in [0, 1] at step t. */
export type Friction = (share: number, t: number) => number;

/** Adam under a friction of the caller's own. @param name of the optimizer, in errors */
export function withFriction(
  name: string,
  friction: Friction,
  options: FrictionOptions,
  layout: Layout,
  make: MakeVector,
): Stepper {
  const m = make(layout.length);
  const v = make(layout.length);
  const reference = options.reference === "sq-ema" ? v : m;
  return stateful(name, { m, v }, (params, gradient, learningRate, t) => {
    average(options.b1, gradient, m);
    averageSquares(options.b2, gradient, v);
    for (const { offset, length } of layout.tensors) {
      const end = offset + length;
      let largest = 0;
      for (let i = offset; i < end; i++) largest = Math.max(largest, Math.abs(gradient[i]! - reference[i]!));
      for (let i = offset; i < end; i++) {
        const share = largest === 0 ? 0 : Math.abs(gradient[i]! - reference[i]!) / largest;
        gradient[i] = friction(share, t) * m[i]!;
      }
    }
    moveBy(correctedScale(learningRate, options, t), gradient, v, params);
  });
}

/** @throws {ConfigError} if an option is out of range */
export const diffGrad: (options?: Partial<Moments & PipelineOptions>) => Optimizer = diffGradEntry.build;

/** @throws {ConfigError} if an option is out of range */
export const dGrad: (options?: Partial<FrictionOptions & PipelineOptions>) => Optimizer = dGradEntry.build;

/** @throws {ConfigError} if an option is out of range */
export const cos1: (options?: Partial<Cos1Options & PipelineOptions>) => Optimizer = cos1Entry.build;
