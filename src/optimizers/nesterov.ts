/**
 * Nesterov's accelerated gradient, in two forms.
 *
 *     gradient     v_t = μ v_{t−1} + g_t;   x ← x − η (g_t + μ v_t)
 *     look-ahead   y_t = x_t + β_t (x_t − x_{t−1}), x_0 = x_1;   x_{t+1} = y_t − η ∇f(y_t)
 *
 * Under look-ahead the parameters hold y_t, where the gradient is taken, and `iterate` is x_t. β_t = μ, or (t − 1)/(t + 2)
 * with `momentum-by=count`, for convex losses. With η = 1/L and κ = L/μ_f known, (√κ − 1)/(√κ + 1) is the momentum for
 * strongly convex ones. At constant η and β = μ the parameters of both forms are the same.
 * @see Nesterov 1983, "A method of solving a convex programming problem with convergence rate O(1/k²)"
 */
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { combine } from "./elementwise.ts";
import { lookAhead } from "./look-ahead.ts";
import type { Optimizer, Real, Stepper } from "./optimizer.ts";
import { choice, weight } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { uncounted } from "./stateful.ts";

export interface NesterovOptions {
  /** μ in [0, 1). */
  readonly momentum: number;
  readonly form: "gradient" | "look-ahead";
  /** β_t of the look-ahead form: μ, or (t − 1)/(t + 2). */
  readonly momentumBy: "constant" | "count";
}

export const nesterovEntry: BuildableEntry<NesterovOptions> = defineOptimizer<NesterovOptions>({
  name: "nesterov",
  summary: "Nesterov's accelerated gradient",
  paper: "Nesterov 1983",
  law: "v ← μ v + g, x ← x − η (g + μ v)",
  options: {
    momentum: weight("μ", 0.9),
    form: choice("whether parameters hold the iterate or the point ahead of it", ["gradient", "look-ahead"]),
    momentumBy: choice("β_t of the look-ahead form, μ or (t − 1)/(t + 2)", ["constant", "count"]),
  },
  memory: 1,
  examples: ["nesterov", "nesterov:form=look-ahead", "nesterov:form=look-ahead,momentum-by=count"],
  open({ momentum, form, momentumBy }, { length }, make) {
    if (form === "gradient") return byGradient(momentum, make(length));
    const beta = (t: number) => (momentumBy === "constant" ? momentum : (t - 1) / (t + 2));
    return lookAhead("nesterov", make(length), (learningRate, t) => [learningRate, beta(t + 1)]);
  },
});

/** @throws {ConfigError} if an option is out of range */
export const nesterov: (options?: Partial<NesterovOptions & PipelineOptions>) => Optimizer = nesterovEntry.build;

const byGradient = (mu: number, velocity: Real): Stepper =>
  uncounted("nesterov", { velocity }, (params, gradient, learningRate) => {
    combine(mu, 1, gradient, velocity);
    for (let i = 0; i < params.length; i++) {
      params[i] = params[i]! - learningRate * (gradient[i]! + mu * velocity[i]!);
    }
  });
