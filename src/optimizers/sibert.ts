/**
 * SGD with decay and relative global clipping, for scale-invariant losses, f(c x) = f(x), where ⟨x, ∇f⟩ = 0.
 *
 *     s = min(1, √(2Cλ/η) ‖x‖/‖g‖);   x ← (1 − η λ) x − η s g      norms over all tensors together
 *
 * Decay and gradient settle at ‖g‖/‖x‖ ≈ √(2λ/η): C = 1 clips whatever exceeds that, C = 4 what exceeds twice as much.
 * Scaling the loss (η by its inverse, λ along) or x (η by its square, λ by the inverse) changes nothing. It is `sgd` with
 * the shared stages set so, and reports ⟨x, g⟩/(‖x‖‖g‖) as `cosine`: well below 10⁻⁶ for a loss that is scale invariant.
 * @see Li, Bhojanapalli, Zaheer, Reddi & Kumar 2022, "Robust Training of Neural Networks Using Scale Invariant
 * Architectures", arXiv:2202.00980
 */
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import type { Optimizer } from "./optimizer.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { descend } from "./sgd.ts";
import { uncounted } from "./stateful.ts";

export const sibertEntry: BuildableEntry<object> = defineOptimizer<object>({
  name: "sibert",
  summary: "SGD with decay and clipping relative to the norm of the parameters",
  paper: "arXiv:2202.00980",
  law: "s = min(1, √(2cλ/η) ‖x‖/‖g‖), x ← (1 − ηλ) x − η s g",
  options: {},
  stages: { clip: 4, clipBy: "relative", decay: 0.01 },
  memory: 0,
  examples: ["sibert", "sibert:clip=1,decay=0.001"],
  open: () => uncounted("sibert", {}, descend),
});

/** @throws {ConfigError} if an option is out of range */
export const sibert: (options?: Partial<PipelineOptions>) => Optimizer = sibertEntry.build;
