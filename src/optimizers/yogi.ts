/**
 * Yogi: Adam whose average of squares follows additively, so that it falls no faster than it rises.
 *
 *     m as in Adam;   v_t = v_{t−1} − (1 − β₂) sign(v_{t−1} − g_t²) g_t²
 *     x ← x − η m̂/(√v̂ + ε)        without `correct`, x ← x − η m/(√v + ε), as FedYogi has it
 *
 * @see Zaheer, Reddi, Sachan, Kale & Kumar 2018, "Adaptive Methods for Nonconvex Optimization"
 * @see Reddi et al. 2020, "Adaptive Federated Optimization", arXiv:2003.00295
 */
import { correctedScale, type Moments, momentOptions, momentWarnings, moveBy, plainScale } from "./adaptive.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { average } from "./elementwise.ts";
import type { Optimizer } from "./optimizer.ts";
import { flag } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";

export interface YogiOptions extends Moments {
  readonly correct: boolean;
}

export const yogiEntry: BuildableEntry<YogiOptions> = defineOptimizer<YogiOptions>({
  name: "yogi",
  summary: "Adam whose average of squares moves by the square at most",
  paper: "Zaheer et al. 2018",
  law: "v ← v − (1 − β₂) sign(v − g²) g², x ← x − η m̂/(√v̂ + ε)",
  options: {
    ...momentOptions({ b1: 0.9, b2: 0.999, eps: 1e-3 }),
    correct: flag("divide the averages by 1 − β^t", true),
  },
  memory: 2,
  examples: ["yogi", "yogi:b2=0.99,correct=false"],
  open(options, { length }, make) {
    const { b1, b2, eps, correct } = options;
    const m = make(length);
    const v = make(length);
    return stateful("yogi", { m, v }, (params, gradient, learningRate, t) => {
      average(b1, gradient, m);
      for (let i = 0; i < v.length; i++) {
        const square = gradient[i]! * gradient[i]!;
        v[i] = v[i]! - (1 - b2) * Math.sign(v[i]! - square) * square;
      }
      moveBy(correct ? correctedScale(learningRate, options, t) : plainScale(learningRate, eps), m, v, params);
    });
  },
  warnings: momentWarnings("yogi"),
});

/** @throws {ConfigError} if an option is out of range */
export const yogi: (options?: Partial<YogiOptions & PipelineOptions>) => Optimizer = yogiEntry.build;
