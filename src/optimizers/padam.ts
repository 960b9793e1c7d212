/**
 * PAdam: Adam with a partial power p of the denominator, between SGD (p → 0) and Adam (p = ½).
 *
 *     m, v as in Adam;   w_t = max(w_{t−1}, v_t), or v_t without `largest`
 *     x ← x − η √(1 − β₂^t)/(1 − β₁^t) · m_t/(√w_t + ε)^{2p}
 *
 * Because p < ½, η is of SGD's size (0.1). With decay and an average of the iterates this is GadamX.
 * @see Chen, Zhou, Tang, Yang, Cao & Gu 2018, "Closing the Generalization Gap of Adaptive Gradient Methods", arXiv:1806.06763
 * @see Granziol, Wan, Albanie & Roberts 2020, "Iterative Averaging in the Quest for Best Test Error", arXiv:2003.01247
 */
import { pow } from "../base/maths.ts";
import { correctedScale, type Moments, momentOptions, momentWarnings } from "./adaptive.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { average, averageSquares, keepLargest, ratio } from "./elementwise.ts";
import type { Optimizer } from "./optimizer.ts";
import { flag, number } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";

export interface PAdamOptions extends Moments {
  /** p in (0, ½]. */
  readonly power: number;
  /** Take the largest v so far, as AMSGrad does. */
  readonly largest: boolean;
}

export const pAdamEntry: BuildableEntry<PAdamOptions> = defineOptimizer<PAdamOptions>({
  name: "padam",
  summary: "Adam with a partial power of the denominator; GadamX with decay and averaging",
  paper: "arXiv:1806.06763",
  law: "x ← x − η √(1 − β₂^t)/(1 − β₁^t) · m/(√max v + ε)^{2p}",
  options: {
    ...momentOptions(),
    power: number("p", 0.125, { above: 0, max: 0.5 }),
    largest: flag("take the largest v so far", true),
  },
  memory: ({ largest }) => (largest ? 3 : 2),
  examples: ["padam", "padam:power=0.25,largest=false", "padam:decay=0.0025"],
  open(options, { length }, make) {
    const { b1, b2, power } = options;
    const m = make(length);
    const v = make(length);
    const w = options.largest ? make(length) : v;
    const raised = powerOf(2 * power);
    return stateful("padam", options.largest ? { m, v, largest: w } : { m, v }, (params, gradient, learningRate, t) => {
      average(b1, gradient, m);
      averageSquares(b2, gradient, v);
      if (w !== v) keepLargest(v, w);
      const { rate, outer } = correctedScale(learningRate, options, t, { mode: "raw" });
      for (let i = 0; i < length; i++) {
        params[i] = params[i]! - rate * ratio(m[i]!, raised(Math.sqrt(w[i]!) + outer));
      }
    });
  },
  warnings: momentWarnings("padam"),
});

/** @throws {ConfigError} if an option is out of range */
export const pAdam: (options?: Partial<PAdamOptions & PipelineOptions>) => Optimizer = pAdamEntry.build;

/** y ↦ y^q. The usual powers are square roots, ten times as fast. */
function powerOf(q: number): (y: number) => number {
  if (q === 1) return (y) => y;
  if (q === 1 / 2) return Math.sqrt;
  if (q === 1 / 4) return (y) => Math.sqrt(Math.sqrt(y));
  return (y) => pow(y, q);
}
