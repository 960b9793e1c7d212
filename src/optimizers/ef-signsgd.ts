/**
 * EF-signSGD: a step in the signs of each tensor, at its mean magnitude, that remembers what it left out.
 *
 *     p = η u + e;   Δ_ℓ = (‖p_ℓ‖₁/d_ℓ) sign(p_ℓ) for each tensor ℓ;   x ← x − Δ;   e ← p − Δ
 *
 * u = g, or the velocity v ← μ v + g. x_{t+1} − e_{t+1} = x_1 − Σ η u: nothing is lost, and a change of η does not rescale
 * what is remembered. This is the method on one machine; over a wire it is the compressor `sign` under error feedback.
 * @see Karimireddy, Rebjock, Stich & Jaggi 2019, "Error Feedback Fixes SignSGD and other Gradient Compression Schemes",
 * arXiv:1901.09847
 */
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { combine } from "./elementwise.ts";
import type { Optimizer } from "./optimizer.ts";
import { weight } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { uncounted } from "./stateful.ts";

export interface EfSignSgdOptions {
  /** μ in [0, 1); 0 keeps no velocity. */
  readonly momentum: number;
}

export const efSignSgdEntry: BuildableEntry<EfSignSgdOptions> = defineOptimizer<EfSignSgdOptions>({
  name: "ef-signsgd",
  summary: "scaled signs of each tensor, with error feedback",
  paper: "arXiv:1901.09847",
  law: "p = η g + e, Δ = mean|p| sign(p), x ← x − Δ, e ← p − Δ",
  options: { momentum: weight("μ of v ← μ v + g, which takes the gradient's place", 0) },
  memory: ({ momentum }) => (momentum === 0 ? 1 : 2),
  examples: ["ef-signsgd", "ef-signsgd:momentum=0.9"],
  open({ momentum }, { length, tensors }, make) {
    const error = make(length);
    const velocity = make(momentum === 0 ? 0 : length);
    const state = momentum === 0 ? { error } : { error, velocity };
    return uncounted("ef-signsgd", state, (params, gradient, learningRate) => {
      if (momentum > 0) combine(momentum, 1, gradient, velocity);
      combine(1, learningRate, momentum > 0 ? velocity : gradient, error);
      for (const { offset, length } of tensors) {
        let sum = 0;
        for (let i = offset; i < offset + length; i++) sum += Math.abs(error[i]!);
        const mean = sum / length;
        for (let i = offset; i < offset + length; i++) {
          const step = Math.sign(error[i]!) * mean;
          params[i] = params[i]! - step;
          error[i] = error[i]! - step;
        }
      }
    });
  },
});

/** @throws {ConfigError} if an option is out of range */
export const efSignSgd: (options?: Partial<EfSignSgdOptions & PipelineOptions>) => Optimizer = efSignSgdEntry.build;
