/**
 * Generalised SignSGD: the average of gradients over the root of the average of its own squares, which bridges Signum
 * (β₂ = 0) and Adam-like steps, for losses whose smoothness grows with the gradient.
 *
 *     m_t = β₁ m_{t−1} + (1 − β₁) g_t;   v_t = β₂ v_{t−1} + (1 − β₂) m_t²;   x ← x − η m_t/(√v_t + ε)
 *
 * |m_t|/√v_t ≤ 1/√(1 − β₂), with equality in the first step. `correct` divides m by 1 − β₁^t and v by 1 − β₂^t; the first
 * step is then η/(1 − β₁). The analysis asks for √β₂ < β₁ (to verify), which the usual 0.9 and 0.999 do not meet.
 * @see Crawshaw, Liu, Orabona, Zhang & Zhuang 2022, "Robustness to Unbounded Smoothness of Generalized SignSGD",
 * arXiv:2208.11195
 */
import { correctedScale, type Moments, momentOptions, moveBy, plainScale } from "./adaptive.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { average, averageSquares } from "./elementwise.ts";
import type { Optimizer } from "./optimizer.ts";
import { flag } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";

export interface GeneralisedSignSgdOptions extends Moments {
  readonly correct: boolean;
}

export const generalisedSignSgdEntry: BuildableEntry<GeneralisedSignSgdOptions> =
  defineOptimizer<GeneralisedSignSgdOptions>({
    name: "generalised-signsgd",
    summary: "averaged gradients over the root of their own averaged squares",
    paper: "arXiv:2208.11195",
    law: "m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) m², x ← x − η m/(√v + ε)",
    options: { ...momentOptions(), correct: flag("divide the averages by 1 − β^t", false) },
    memory: 2,
    examples: ["generalised-signsgd", "generalised-signsgd:b2=0.5,correct=true"],
    open(options, { length }, make) {
      const m = make(length);
      const v = make(length);
      return stateful("generalised-signsgd", { m, v }, (params, gradient, learningRate, t) => {
        average(options.b1, gradient, m);
        averageSquares(options.b2, m, v);
        const scale = options.correct
          ? correctedScale(learningRate, options, t)
          : plainScale(learningRate, options.eps);
        moveBy(scale, m, v, params);
      });
    },
    warnings,
  });

/** @throws {ConfigError} if an option is out of range */
export const generalisedSignSgd: (options?: Partial<GeneralisedSignSgdOptions & PipelineOptions>) => Optimizer =
  generalisedSignSgdEntry.build;

function warnings({ b1, b2, correct }: GeneralisedSignSgdOptions): readonly string[] {
  const first = correct ? 1 / (1 - b1) : 1 / Math.sqrt(1 - b2);
  return [
    ...(first > 3
      ? [`generalised-signsgd: its first step is ${first.toPrecision(3)} η; warm the learning rate up`]
      : []),
    ...(Math.sqrt(b2) < b1
      ? []
      : [`generalised-signsgd: its analysis needs √β₂ below β₁ = ${b1}, not ${Math.sqrt(b2).toPrecision(3)}`]),
  ];
}
