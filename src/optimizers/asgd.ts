/**
 * Accelerated SGD with exponentially falling steps, which adapts to the noise without knowing it: gradients are taken at
 * the look-ahead point y, which the parameters hold. With η_0 = 1/(ρL), η_k = η_0 α^k, α = (β/T)^(1/T), r_k = √(μ η_k),
 *
 *     x_{k+1} = y_k − η_k ∇f(y_k),   y_{k+1} = x_{k+1} + b_{k+1} (x_{k+1} − x_k),
 *     b_k = (1 − r_{k−1}) r_{k−1} α/(r_k + α r_{k−1}²).
 *
 * It has its own schedule: leave the learning rate at η_0, where ρ ≥ 1 bounds E‖∇f_i‖² ≤ ρ‖∇f‖². Without `rounds` the
 * steps stay as they are (α = 1), which for ρ = 1 is Nesterov's method. Rate: exp(−T/√κ) + σ²/T, up to logarithms.
 * @see Vaswani, Dubois-Taine & Babanezhad 2021, "Towards Noise-adaptive, Problem-adaptive SGD", arXiv:2110.11442
 */
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { lookAhead } from "./look-ahead.ts";
import type { Optimizer } from "./optimizer.ts";
import { number, optionalNumber } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { exponential, exponentialWarnings } from "./schedules/exponential.ts";

export interface AsgdOptions {
  /** μ > 0: strong convexity of the loss. */
  readonly mu: number;
  /** T: steps until η_0 β/T is reached. */
  readonly rounds: number | undefined;
  /** β ≥ 1 */
  readonly beta: number;
}

/** b_k from r_{k−1}, r_k and α = η_k/η_{k−1}. */
export const extrapolation = (before: number, now: number, alpha: number): number =>
  ((1 - before) * before * alpha) / (now + alpha * before * before);

export const asgdEntry: BuildableEntry<AsgdOptions> = defineOptimizer<AsgdOptions>({
  name: "asgd",
  summary: "accelerated SGD with exponentially falling steps, adaptive to the noise",
  paper: "arXiv:2110.11442",
  law: "x⁺ = y − η_k ∇f(y), y⁺ = x⁺ + b_{k+1} (x⁺ − x), η_k = η (β/T)^(k/T)",
  memory: 1,
  examples: ["asgd:mu=0.1", "asgd:mu=0.1,rounds=1000"],
  options: {
    mu: number("μ, strong convexity", 0.01, { above: 0 }),
    rounds: optionalNumber("T, over which the steps fall; constant steps if left out", { min: 1, integer: true }),
    beta: number("β, where the steps end at η β/T", 1, { min: 1 }),
  },
  open({ mu, rounds, beta }, { length }, make) {
    const { factor } = exponential(beta);
    const share = (k: number): number => (rounds === undefined ? 1 : factor(k, rounds)); // η_k/η_0
    return lookAhead("asgd", make(length), (rate, k) => {
      const eta = rate * share(k);
      const next = rate * share(k + 1);
      return [eta, extrapolation(Math.sqrt(mu * eta), Math.sqrt(mu * next), next / eta)];
    });
  },
  warnings({ mu, rounds, beta }, use) {
    const own = rounds === undefined ? { ...use, rounds: Number.POSITIVE_INFINITY } : { ...use, rounds };
    const { learningRate } = use;
    return [
      ...exponentialWarnings("asgd", beta, own),
      ...(mu * learningRate <= 1 ? [] : [`asgd: it needs μη at most 1; it is ${(mu * learningRate).toPrecision(3)}`]),
      ...(use.mu === undefined || mu <= use.mu
        ? []
        : [`asgd: its guarantee needs μ at most the loss's ${use.mu}, not ${mu}`]),
    ];
  },
});

/** @throws {ConfigError} if an option is out of range */
export const asgd: (options?: Partial<AsgdOptions & PipelineOptions>) => Optimizer = asgdEntry.build;
