/**
 * MAdam: Adam with maximum-variation averages of the squares, and LaMAdam, which divides by their root first and averages
 * then.
 *
 *     MAdam     m_t = β₁ m_{t−1} + (1 − β₁) g_t;   x ← x − η/(1 − β₁^t) · m_t/(√(ṽ/w) + ε)
 *     LaMAdam   n_t = g_t/(√(ṽ/w) + ε);   D_t = β₁ D_{t−1} + (1 − β₁) η_t n_t;   c_t = β₁ c_{t−1} + (1 − β₁) η_t;
 *               x ← x − (η_t/c_t) D_t
 *
 * With low = high MAdam is Adam with β₂ = high.
 * @see Zhu, Cheng, Gan, Huang, Liu & Goldstein 2020, "MaxVA", arXiv:2006.11918
 */
import { pow } from "../base/maths.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { addScaled, average, ratio } from "./elementwise.ts";
import { checkBounds, VariedAverages, type WeightBounds, weightBounds } from "./maximum-variation.ts";
import type { Optimizer } from "./optimizer.ts";
import { epsilon, weight } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";

export interface MAdamOptions extends WeightBounds {
  /** β₁ in [0, 1). */
  readonly b1: number;
  /** ε ≥ 0. */
  readonly eps: number;
}

export const mAdamEntry: BuildableEntry<MAdamOptions> = defineOptimizer<MAdamOptions>({
  name: "madam",
  summary: "Adam whose weight of past squares maximises the observed variance",
  paper: "arXiv:2006.11918",
  law: "m ← β₁ m + (1 − β₁) g, x ← x − η m̂/(√(ṽ/w) + ε)",
  options: {
    b1: weight("β₁, of the average of gradients", 0.9),
    ...weightBounds(0.5, 0.999),
    eps: epsilon(1e-8),
  },
  memory: 4,
  examples: ["madam", "madam:low=0.9,high=0.99"],
  check: checkBounds,
  open({ b1, eps, ...bounds }, { length }, make) {
    const m = make(length);
    const squares = new VariedAverages(bounds, length, make);
    return stateful("madam", { m, ...squares.state }, (params, gradient, learningRate, t) => {
      average(b1, gradient, m);
      squares.absorb(gradient);
      const rate = learningRate / (1 - pow(b1, t));
      for (let i = 0; i < length; i++) params[i] = params[i]! - rate * ratio(m[i]!, squares.root(i) + eps);
    });
  },
});

export const laMAdamEntry: BuildableEntry<MAdamOptions> = defineOptimizer<MAdamOptions>({
  name: "lamadam",
  summary: "MAdam that normalises each gradient before it is averaged",
  paper: "arXiv:2006.11918",
  law: "n = g/(√(ṽ/w) + ε), D ← β₁ D + (1 − β₁) η n, c ← β₁ c + (1 − β₁) η, x ← x − (η/c) D",
  options: {
    b1: weight("β₁, of the average of normalised gradients", 0.9),
    ...weightBounds(0.5, 0.98),
    eps: epsilon(1e-15),
  },
  memory: 4,
  examples: ["lamadam", "lamadam:b1=0.8"],
  check: checkBounds,
  open({ b1, eps, ...bounds }, { length }, make) {
    const direction = make(length);
    const rates = new Float64Array(1); // c
    const squares = new VariedAverages(bounds, length, make);
    const state = { direction, ...squares.state };
    return stateful(
      "lamadam",
      state,
      (params, gradient, learningRate) => {
        squares.absorb(gradient);
        for (let i = 0; i < length; i++) gradient[i] = learningRate * ratio(gradient[i]!, squares.root(i) + eps);
        average(b1, gradient, direction);
        rates[0] = b1 * rates[0]! + (1 - b1) * learningRate;
        addScaled(-ratio(learningRate, rates[0]!), direction, params);
      },
      rates,
    );
  },
});

/** @throws {ConfigError} if an option is out of range */
export const mAdam: (options?: Partial<MAdamOptions & PipelineOptions>) => Optimizer = mAdamEntry.build;

/** @throws {ConfigError} if an option is out of range */
export const laMAdam: (options?: Partial<MAdamOptions & PipelineOptions>) => Optimizer = laMAdamEntry.build;
