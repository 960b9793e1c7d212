/**
 * LAMB: Adam's direction, in each tensor as long as the tensor itself, for large batches.
 *
 *     q = m̂/(√v̂ + ε) + λ w;   w ← w − η (φ(‖w‖)/‖q‖) q
 *
 * for the weights w of each tensor; m̂ and v̂ as in Adam. φ clips to [φ_min, φ_max], by default not at all: then
 * ‖Δw‖ = η‖w‖. The ratio is 1 where ‖w‖ or ‖q‖ is 0; in tensors that `exclude` leaves out it is 1 and λ = 0.
 * @see You, Li, Reddi et al. 2019, "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes",
 * arXiv:1904.00962
 */
import { ConfigError } from "../base/errors.ts";
import { correctedScale, type Moments, momentOptions, momentWarnings } from "./adaptive.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { addScaled, average, averageSquares, norm, ratio } from "./elementwise.ts";
import type { Optimizer } from "./optimizer.ts";
import { number, optionalNumber } from "./options.ts";
import { included, type PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";
import { trustRatio, trustReport } from "./trust-ratio.ts";

export interface LambOptions extends Moments {
  readonly phiMin: number;
  /** undefined: no bound. */
  readonly phiMax: number | undefined;
}

export const lambEntry: BuildableEntry<LambOptions> = defineOptimizer<LambOptions>({
  name: "lamb",
  summary: "Adam's direction, in each tensor as long as the tensor itself",
  paper: "arXiv:1904.00962",
  law: "q = m̂/(√v̂ + ε) + λ w, w ← w − η (φ(‖w‖)/‖q‖) q for each tensor",
  options: {
    ...momentOptions({ b1: 0.9, b2: 0.999, eps: 1e-6 }),
    phiMin: number("least φ(‖w‖)", 0, { min: 0 }),
    phiMax: optionalNumber("most φ(‖w‖), no bound by default", { above: 0 }),
  },
  stages: { decay: 0.01, exclude: "vectors" },
  decaysItself: true,
  memory: 2,
  examples: ["lamb", "lamb:phi-max=10,exclude=none"],
  check({ phiMin, phiMax = Number.POSITIVE_INFINITY }, where) {
    if (phiMin > phiMax) throw new ConfigError(`${where}: phi-min`, { expected: `at most ${phiMax}`, got: phiMin });
  },
  open(options, layout, make) {
    const { b1, b2, phiMin, phiMax = Number.POSITIVE_INFINITY, decay } = options;
    const m = make(layout.length);
    const v = make(layout.length);
    const scaled = new Set(included(layout, options));
    const ratios = new Float64Array(layout.tensors.length).fill(1);
    return stateful("lamb", { m, v }, (params, gradient, learningRate, t) => {
      average(b1, gradient, m);
      averageSquares(b2, gradient, v);
      const { rate, outer } = correctedScale(1, options, t);
      const q = gradient;
      for (let i = 0; i < q.length; i++) q[i] = rate * ratio(m[i]!, Math.sqrt(v[i]!) + outer);
      for (const [index, slot] of layout.tensors.entries()) {
        const end = slot.offset + slot.length;
        if (scaled.has(slot)) {
          addScaled(decay, params, q, slot.offset, end);
          const size = Math.min(phiMax, Math.max(phiMin, norm(params, slot.offset, end)));
          ratios[index] = trustRatio(size, norm(q, slot.offset, end));
        }
        addScaled(-learningRate * ratios[index]!, q, params, slot.offset, end);
      }
      return trustReport(ratios);
    });
  },
  warnings: momentWarnings("lamb"),
});

/** @throws {ConfigError} if an option is out of range */
export const lamb: (options?: Partial<LambOptions & PipelineOptions>) => Optimizer = lambEntry.build;
