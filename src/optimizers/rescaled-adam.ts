/**
 * Adam in rescaled form: sums of the past that decay, instead of averages, and no correction of the first.
 *
 *     m_t = β₁ m_{t−1} + g_t;   v_t = β₂ v_{t−1} + g_t²;   x ← x − η_t m_t/√(ε + v_t)
 *     η_t = η (1 − β₁) √((1 − β₂^t)/(1 − β₂)),   and for β₂ = 1, where it is AdaGrad, η (1 − β₁)
 *
 * The analysis needs 0 ≤ β₁ < β₂ ≤ 1. With a horizon N, η/√N and 1 − β₂ = 1/N give O(d ln N/√N); constants leave a term
 * that does not vanish.
 * @see Défossez, Bottou, Bach & Usunier 2020, "A Simple Convergence Proof of Adam and Adagrad", arXiv:2003.02395
 */
import { pow } from "../base/maths.ts";
import { type Moments, momentOptions, moveBy } from "./adaptive.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { combine } from "./elementwise.ts";
import type { Optimizer } from "./optimizer.ts";
import { number } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";

export const rescaledAdamEntry: BuildableEntry<Moments> = defineOptimizer<Moments>({
  name: "rescaled-adam",
  summary: "Adam with sums instead of averages, and AdaGrad at β₂ = 1",
  paper: "arXiv:2003.02395",
  law: "m ← β₁ m + g, v ← β₂ v + g², x ← x − η (1 − β₁) √((1 − β₂^t)/(1 − β₂)) m/√(ε + v)",
  options: { ...momentOptions(), b2: number("β₂, of the sum of squares", 0.999, { above: 0, max: 1 }) },
  memory: 2,
  examples: ["rescaled-adam", "rescaled-adam:b2=1"],
  open({ b1, b2, eps }, { length }, make) {
    const m = make(length);
    const v = make(length);
    return stateful("rescaled-adam", { m, v }, (params, gradient, learningRate, t) => {
      combine(b1, 1, gradient, m);
      for (let i = 0; i < length; i++) v[i] = b2 * v[i]! + gradient[i]! * gradient[i]!;
      const growth = b2 === 1 ? 1 : Math.sqrt((1 - pow(b2, t)) / (1 - b2));
      moveBy({ rate: learningRate * (1 - b1) * growth, inner: eps, outer: 0 }, m, v, params);
    });
  },
  warnings: ({ b1, b2 }) => (b1 < b2 ? [] : [`rescaled-adam: its analysis needs β₁ below β₂ = ${b2}, not ${b1}`]),
});

/** @throws {ConfigError} if an option is out of range */
export const rescaledAdam: (options?: Partial<Moments & PipelineOptions>) => Optimizer = rescaledAdamEntry.build;
