/**
 * AMSGrad: Adam with the largest v so far in the denominator, so that step sizes never grow again.
 *
 *     m, v as in Adam;   w_t = max(w_{t−1}, v_t)
 *     form=corrected   x ← x − η m̂/(√(w_t/(1 − β₂^t)) + ε)
 *     form=original    x ← x − η m_t/(√w_t + ε); the paper has ε = 0 and η_t = η/√t
 *     form=inside      x ← x − η m_t/√(w_t + ε), as CD-Adam has it
 *
 * @see Reddi, Kale & Kumar 2018, "On the Convergence of Adam and Beyond", arXiv:1904.09237
 */
import {
  correctedScale,
  type Moments,
  momentOptions,
  momentWarnings,
  moveBy,
  plainScale,
  type Scale,
} from "./adaptive.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { average, averageSquares, keepLargest } from "./elementwise.ts";
import type { Optimizer } from "./optimizer.ts";
import { choice } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";

export interface AmsGradOptions extends Moments {
  readonly form: "corrected" | "original" | "inside";
}

export const amsGradEntry: BuildableEntry<AmsGradOptions> = defineOptimizer<AmsGradOptions>({
  name: "amsgrad",
  summary: "Adam with the largest averaged square so far",
  paper: "arXiv:1904.09237",
  law: "w ← max(w, v), x ← x − η m̂/(√ŵ + ε)",
  options: {
    ...momentOptions(),
    form: choice("with Adam's bias corrections or without", ["corrected", "original", "inside"]),
  },
  memory: 3,
  examples: ["amsgrad", "amsgrad:eps=0,form=original", "amsgrad:b2=0.99,form=inside"],
  open(options, { length }, make) {
    const m = make(length);
    const v = make(length);
    const largest = make(length);
    return stateful("amsgrad", { m, v, largest }, (params, gradient, learningRate, t) => {
      average(options.b1, gradient, m);
      averageSquares(options.b2, gradient, v);
      keepLargest(v, largest);
      moveBy(scaleOf(options, learningRate, t), m, largest, params);
    });
  },
  warnings: momentWarnings("amsgrad"),
});

function scaleOf(options: AmsGradOptions, learningRate: number, t: number): Scale {
  if (options.form === "corrected") return correctedScale(learningRate, options, t);
  if (options.form === "original") return plainScale(learningRate, options.eps);
  return { rate: learningRate, inner: options.eps, outer: 0 };
}

/** @throws {ConfigError} if an option is out of range */
export const amsGrad: (options?: Partial<AmsGradOptions & PipelineOptions>) => Optimizer = amsGradEntry.build;
