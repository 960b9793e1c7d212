/**
 * signSGD and Signum: every entry moves by exactly η, in the direction of the sign of the gradient or of its average.
 *
 *     m_t = β m_{t−1} + (1 − β) g_t;   x ← x − η sign(m_t)
 *
 * The scale of the gradient does not matter. sign(0) is 0; where a 1-bit wire can say only ±1, `zero=up` takes it as +1.
 * Biased: with a small batch, no momentum and no error feedback it may run away from the minimum.
 * @see Bernstein, Wang, Azizzadenesheli & Anandkumar 2018, "signSGD", arXiv:1802.04434
 */
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { average } from "./elementwise.ts";
import type { Optimizer, Real } from "./optimizer.ts";
import { choice, weight } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { uncounted } from "./stateful.ts";

export interface SignSgdOptions {
  /** sign(0) is 0, or +1. */
  readonly zero: "still" | "up";
}

export interface SignumOptions extends SignSgdOptions {
  /** β in [0, 1). */
  readonly momentum: number;
}

const zero = choice("sign(0) as 0 or as +1", ["still", "up"]);

export const signSgdEntry: BuildableEntry<SignSgdOptions> = defineOptimizer<SignSgdOptions>({
  name: "signsgd",
  summary: "steps of η in the direction of the gradient's signs",
  paper: "arXiv:1802.04434",
  law: "x ← x − η sign(g)",
  options: { zero },
  memory: 0,
  examples: ["signsgd", "signsgd:zero=up"],
  open: (options) =>
    uncounted("signsgd", {}, (x, gradient, learningRate) => moveSigns(gradient, learningRate, options, x)),
  warnings: (_, { batch }) =>
    batch > 1
      ? []
      : ["signsgd: signs of single samples are biased; it needs a growing batch, momentum or error feedback"],
});

export const signumEntry: BuildableEntry<SignumOptions> = defineOptimizer<SignumOptions>({
  name: "signum",
  summary: "steps of η in the direction of the signs of averaged gradients",
  paper: "arXiv:1802.04434",
  law: "m ← β m + (1 − β) g, x ← x − η sign(m)",
  options: { momentum: weight("β", 0.9), zero },
  memory: 1,
  examples: ["signum", "signum:momentum=0.5,decay=0.01"],
  open(options, { length }, make) {
    const m = make(length);
    return uncounted("signum", { m }, (params, gradient, learningRate) => {
      average(options.momentum, gradient, m);
      moveSigns(m, learningRate, options, params);
    });
  },
});

/** @throws {ConfigError} if an option is out of range */
export const signSgd: (options?: Partial<SignSgdOptions & PipelineOptions>) => Optimizer = signSgdEntry.build;

/** @throws {ConfigError} if an option is out of range */
export const signum: (options?: Partial<SignumOptions & PipelineOptions>) => Optimizer = signumEntry.build;

function moveSigns(direction: Real, learningRate: number, { zero }: SignSgdOptions, x: Real): void {
  const atZero = zero === "up" ? learningRate : 0;
  for (let i = 0; i < x.length; i++) {
    const value = direction[i]!;
    x[i] = x[i]! - (value === 0 ? atZero : learningRate * Math.sign(value));
  }
}
