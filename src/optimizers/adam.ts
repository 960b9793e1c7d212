/**
 * Adam: the average of gradients over the root of the average of their squares.
 *
 *     m_t = β₁ m_{t−1} + (1 − β₁) g_t;   v_t = β₂ v_{t−1} + (1 − β₂) g_t²;   m̂ = m_t/(1 − β₁^t), v̂ = v_t/(1 − β₂^t)
 *     eps-mode=outside   x ← x − η m̂/(√v̂ + ε)
 *     eps-mode=inside    x ← x − η m̂/√(v̂ + ε)
 *     eps-mode=raw       x ← x − η √(1 − β₂^t)/(1 − β₁^t) · m_t/(√v_t + ε)
 *
 * Without `correct`, x ← x − η m/(√v + ε) or η m/√(v + ε). `freeze` stops v after so many steps, as 1-bit Adam does: the
 * compressed average of gradients then meets a steady scale. With decay this is AdamW.
 * @see Kingma & Ba 2014, "Adam: A Method for Stochastic Optimization", arXiv:1412.6980
 * @see Tang et al. 2021, "1-bit Adam", arXiv:2102.02888 (frozen variance)
 */
import { correctedScale, type EpsMode, type Moments, momentOptions, momentWarnings, moveBy } from "./adaptive.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { average, averageSquares } from "./elementwise.ts";
import type { Optimizer } from "./optimizer.ts";
import { choice, flag, number } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";

export interface AdamOptions extends Moments {
  readonly epsMode: EpsMode;
  readonly correct: boolean;
  /** Steps after which v stays as it is; 0: never. */
  readonly freeze: number;
}

export const adamEntry: BuildableEntry<AdamOptions> = defineOptimizer<AdamOptions>({
  name: "adam",
  summary: "averaged gradients over the root of averaged squares; AdamW with decay",
  paper: "arXiv:1412.6980",
  law: "m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², x ← x − η m̂/(√v̂ + ε)",
  options: {
    ...momentOptions(),
    epsMode: choice("where ε stands, √v̂ + ε, √(v̂ + ε), or √v + ε", ["outside", "inside", "raw"]),
    correct: flag("divide the averages by 1 − β^t", true),
    freeze: number("steps after which v stays as it is; 0 is never", 0, { min: 0, integer: true }),
  },
  memory: 2,
  examples: [
    "adam",
    "adam:decay=0.01",
    "adam:b2=0.99,eps-mode=inside",
    "adam:eps-mode=raw",
    "adam:correct=false",
    "adam:freeze=3",
  ],
  open(options, { length }, make) {
    const { b1, b2, eps, epsMode: mode, correct, freeze } = options;
    const m = make(length);
    const v = make(length);
    return stateful("adam", { m, v }, (params, gradient, learningRate, t) => {
      const s = freeze > 0 ? Math.min(t, freeze) : t;
      average(b1, gradient, m);
      if (s === t) averageSquares(b2, gradient, v);
      const scale = correct
        ? correctedScale(learningRate, options, t, { s, mode })
        : { rate: learningRate, inner: mode === "inside" ? eps : 0, outer: mode === "inside" ? 0 : eps };
      moveBy(scale, m, v, params);
    });
  },
  warnings: momentWarnings("adam"),
});

/** @throws {ConfigError} if an option is out of range */
export const adam: (options?: Partial<AdamOptions & PipelineOptions>) => Optimizer = adamEntry.build;
