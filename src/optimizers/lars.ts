/**
 * LARS: SGD with momentum whose rate in each tensor is proportional to the tensor's own norm, for large batches.
 *
 *     ratio=sum     r = c ‖w‖/(‖g‖ + λ‖w‖ + ε)        (the paper)
 *     ratio=joint   r = c ‖w‖/(‖g + λ w‖ + ε)
 *     v ← μ v + η r (g + λ w);   w ← w − v
 *
 * for the weights w of each tensor. r = 1 where ‖w‖ or the denominator is 0, and r = 1, λ = 0 in tensors that `exclude`
 * leaves out. `larc` takes min(r, η) instead of η r. With μ = λ = 0, ‖Δw‖ = η c ‖w‖ whatever the gradient's scale.
 * @see You, Gitman & Ginsburg 2017, "Large Batch Training of Convolutional Networks", arXiv:1708.03888
 */
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { addScaled, norm } from "./elementwise.ts";
import type { Optimizer } from "./optimizer.ts";
import { choice, epsilon, flag, number, weight } from "./options.ts";
import { included, type PipelineOptions } from "./pipeline.ts";
import { uncounted } from "./stateful.ts";
import { trustRatio, trustReport } from "./trust-ratio.ts";

export interface LarsOptions {
  /** μ in [0, 1). */
  readonly momentum: number;
  /** c > 0. */
  readonly trust: number;
  readonly ratio: "sum" | "joint";
  readonly larc: boolean;
  readonly eps: number;
}

export const larsEntry: BuildableEntry<LarsOptions> = defineOptimizer<LarsOptions>({
  name: "lars",
  summary: "momentum with a rate for each tensor in proportion to its norm",
  paper: "arXiv:1708.03888",
  law: "r = c‖w‖/(‖g‖ + λ‖w‖), v ← μ v + η r (g + λ w), w ← w − v for each tensor",
  options: {
    momentum: weight("μ", 0.9),
    trust: number("c, the trust coefficient", 0.001, { above: 0 }),
    ratio: choice("norm of the denominator, ‖g‖ + λ‖w‖ or ‖g + λw‖", ["sum", "joint"]),
    larc: flag("take min(r, η) instead of η r", false),
    eps: epsilon(0),
  },
  stages: { decay: 5e-4, exclude: "vectors" },
  decaysItself: true,
  memory: 1,
  examples: ["lars", "lars:ratio=joint,exclude=none", "lars:larc=true,eps=1e-8"],
  open(options, layout, make) {
    const { momentum, trust, ratio, larc, eps, decay } = options;
    const velocity = make(layout.length);
    const scaled = new Set(included(layout, options));
    const ratios = new Float64Array(layout.tensors.length).fill(1);
    return uncounted("lars", { velocity }, (params, gradient, learningRate) => {
      for (const [index, slot] of layout.tensors.entries()) {
        const { offset, length } = slot;
        const end = offset + length;
        let rate = learningRate;
        if (scaled.has(slot)) {
          const size = norm(params, offset, end);
          const apart = norm(gradient, offset, end) + decay * size;
          addScaled(decay, params, gradient, offset, end);
          const r = trustRatio(trust * size, (ratio === "sum" ? apart : norm(gradient, offset, end)) + eps);
          ratios[index] = r;
          rate = larc ? Math.min(r, learningRate) : learningRate * r;
        }
        for (let i = offset; i < end; i++) {
          velocity[i] = momentum * velocity[i]! + rate * gradient[i]!;
          params[i] = params[i]! - velocity[i]!;
        }
      }
      return trustReport(ratios);
    });
  },
});

/** @throws {ConfigError} if an option is out of range */
export const lars: (options?: Partial<LarsOptions & PipelineOptions>) => Optimizer = larsEntry.build;
