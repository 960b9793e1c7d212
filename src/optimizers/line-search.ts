/**
 * SGD with a conservative stochastic line search: the step size is found by backtracking on the sample of the step, and
 * used from the next step on, so that it does not depend on the sample that it multiplies,
 *
 *     x_{k+1} = x_k − γ_k (η_k/η_1) g_k,
 *     γ_{k+1} = the largest of γ_k, bγ_k, b²γ_k, … with f_k(x_k − γ g_k) ≤ f_k(x_k) − cγ‖g_k‖²,   γ_1 = η_1.
 *
 * So γ never grows, and stays above min(γ_1, 2b(1 − c)/L) where each f_k is L-smooth. The learning rate sets γ_1, and its
 * schedule falls as usual: exponential in the paper. γ_1 far above 2/L makes a large first move, unless `first=searched`.
 * Each trial costs a loss; with many workers it must be the loss of all their samples, or γ must come from one of them.
 * @see Vaswani, Dubois-Taine & Babanezhad 2021, "Towards Noise-adaptive, Problem-adaptive SGD", arXiv:2110.11442
 */
import { ConfigError } from "../base/errors.ts";
import { pow } from "../base/maths.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { addScaled, norm, ratio } from "./elementwise.ts";
import type { Optimizer, Real, StepReport } from "./optimizer.ts";
import { choice, number } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";

export interface LineSearchOptions {
  /** c in (0, 1): the share of the promised decrease that must come. */
  readonly c: number;
  /** b in (0, 1): what a step size is multiplied by when it fails. */
  readonly b: number;
  /** Backtracks of one search; if all fail γ becomes bγ. */
  readonly most: number;
  /** Whether the first step searches before it moves. */
  readonly first: "given" | "searched";
}

/** Below this ‖g‖² nothing is to be found. */
const NO_GRADIENT = 1e-16;

export const lineSearchEntry: BuildableEntry<LineSearchOptions> = defineOptimizer<LineSearchOptions>({
  name: "line-search",
  summary: "SGD with a step size found by backtracking on an earlier sample",
  paper: "arXiv:2110.11442",
  law: "x ← x − γ_k (η_k/η_1) g, γ_{k+1} = max γ_k bʲ with f(x − γg) ≤ f(x) − cγ‖g‖²",
  memory: 1,
  needsLoss: true,
  examples: ["line-search", "line-search:first=searched"],
  options: {
    c: number("c, the share of the promised decrease", 0.5, { above: 0, below: 1 }),
    b: number("b, the backtracking factor", 0.7, { above: 0, below: 1 }),
    most: number("backtracks of one search", 100, { min: 1, integer: true }),
    first: choice("the first step size", ["given", "searched"]),
  },
  open({ c, b, most, first }, { length }, make) {
    const trial = make(length);
    const rates = new Float64Array(2); // γ_k and η_1

    /** j such that γ = b^j `start` is the first to do; 1 if none does. */
    const backtracks = (x: Real, g: Real, start: number, loss: (at: Real) => number): number => {
      const squared = norm(g) ** 2;
      if (squared < NO_GRADIENT) return 0;
      const here = loss(x);
      for (let j = 0; j <= most; j++) {
        const gamma = start * pow(b, j);
        trial.set(x);
        addScaled(-gamma, g, trial);
        if (loss(trial) <= here - c * gamma * squared) return j;
      }
      return 1;
    };

    const step = (x: Real, g: Real, rate: number, k: number, loss?: (at: Real) => number): StepReport => {
      if (loss === undefined) {
        throw new ConfigError("line-search", {
          expected: "a method that can evaluate the loss at other parameters",
          hint: "Take an optimizer that needs gradients only, such as adagrad-norm.",
        });
      }
      if (k === 1) rates.set([rate, rate]);
      const found = backtracks(x, g, rates[0]!, loss);
      const next = rates[0]! * pow(b, found);
      const stepSize = (k === 1 && first === "searched" ? next : rates[0]!) * ratio(rate, rates[1]!);
      addScaled(-stepSize, g, x);
      rates[0] = next;
      return { stepSize, backtracks: found };
    };
    return stateful("line-search", {}, step, rates);
  },
});

/** @throws {ConfigError} if an option is out of range */
export const lineSearch: (options?: Partial<LineSearchOptions & PipelineOptions>) => Optimizer = lineSearchEntry.build;
