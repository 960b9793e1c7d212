/**
 * AdaGrad-Norm: SGD with one step size that falls with the gradients seen, b² ← b² + ‖g‖², x ← x − (η/b) g. It converges
 * at the rate of well-tuned SGD without knowing smoothness or noise.
 *
 * With b_0 = 0 the first step has length η.
 * @see Ward, Wu & Bottou 2018, "AdaGrad stepsizes: sharp convergence over nonconvex landscapes", arXiv:1806.01811
 */
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { addScaled, norm, ratio } from "./elementwise.ts";
import type { Optimizer, Real } from "./optimizer.ts";
import { number } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";

export interface AdaGradNormOptions {
  /** b_0² ≥ 0 */
  readonly start: number;
}

export const adaGradNormEntry: BuildableEntry<AdaGradNormOptions> = defineOptimizer<AdaGradNormOptions>({
  name: "adagrad-norm",
  summary: "SGD with one step size that falls with the norms of the gradients",
  paper: "arXiv:1806.01811",
  law: "b² ← b² + ‖g‖², x ← x − (η/b) g",
  memory: 0,
  examples: ["adagrad-norm", "adagrad-norm:start=0"],
  options: { start: number("b_0²", 1, { min: 0 }) },
  open({ start }) {
    const squares = Float64Array.of(start);
    const step = (x: Real, g: Real, rate: number): void => {
      squares[0] = squares[0]! + norm(g) ** 2;
      addScaled(-ratio(rate, Math.sqrt(squares[0])), g, x);
    };
    return stateful("adagrad-norm", {}, step, squares);
  },
});

/** @throws {ConfigError} if an option is out of range */
export const adaGradNorm: (options?: Partial<AdaGradNormOptions & PipelineOptions>) => Optimizer =
  adaGradNormEntry.build;
