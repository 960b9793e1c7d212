/**
 * AdaGrad: each coordinate has a step size that falls with the gradients it has seen,
 *
 *     G ← G + g²,   x ← x − η g/(√G + ε).
 *
 * With G_0 = 0 and ε = 0 the first step is −η sign(g).
 * @see Duchi, Hazan & Singer 2011, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization"
 */
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { ratio } from "./elementwise.ts";
import type { Optimizer } from "./optimizer.ts";
import { epsilon, number } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { uncounted } from "./stateful.ts";

export interface AdaGradOptions {
  /** G_0 ≥ 0, in every coordinate. */
  readonly start: number;
  /** ε ≥ 0 */
  readonly eps: number;
}

export const adaGradEntry: BuildableEntry<AdaGradOptions> = defineOptimizer<AdaGradOptions>({
  name: "adagrad",
  summary: "step sizes that fall with each coordinate's own gradients",
  paper: "Duchi, Hazan & Singer 2011",
  law: "G ← G + g², x ← x − η g/(√G + ε)",
  memory: 1,
  examples: ["adagrad", "adagrad:start=0.1,eps=0"],
  options: { start: number("G_0", 0, { min: 0 }), eps: epsilon(1e-10) },
  open({ start, eps }, { length }, make) {
    const squares = make(length).fill(start);
    return uncounted("adagrad", { squares }, (x, g, rate) => {
      for (let i = 0; i < x.length; i++) {
        squares[i] = squares[i]! + g[i]! * g[i]!;
        x[i] = x[i]! - rate * ratio(g[i]!, Math.sqrt(squares[i]!) + eps);
      }
    });
  },
});

/** @throws {ConfigError} if an option is out of range */
export const adaGrad: (options?: Partial<AdaGradOptions & PipelineOptions>) => Optimizer = adaGradEntry.build;
