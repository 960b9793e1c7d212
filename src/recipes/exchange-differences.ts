/**
 * Exchanges differences of models: H local steps → exchange → outer step.
 *
 *     worker i:  y_i = H local steps from x;  Δ_i = x − y_i      the pseudo-gradient (`local-steps.ts`)
 *     all:       Δ = pattern(Δ_1, …, Δ_n)
 *     everyone:  x ← outer(x, Δ, γ)                              in the same way, so parameters stay equal, or
 *     server:    w ← outer(w, Δ, γ), all: x = what the server sent of w
 *
 * With γ = 1 and plain SGD outside, x becomes the mean of the y_i. A model that is sent is a difference that is sent, for all
 * begin a round at the same x; but differences can be compressed, and what a channel remembers of them is in units of the
 * model, whatever η is.
 */
import { ConfigError } from "../base/errors.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { sgd } from "../optimizers/sgd.ts";
import type { Pattern } from "../patterns/pattern.ts";
import { exchangeDirections } from "./exchange-directions.ts";
import { LocalSteps, type LocalStepsOptions } from "./local-steps.ts";
import type { Method, Momentum } from "./method.ts";

export interface DifferenceOptions extends LocalStepsOptions {
  /** Default SGD with the job's momentum at the server. */
  readonly outer?: Optimizer | undefined;
  /** γ; default 1. */
  readonly stepSize?: number;
  /** Who takes the outer step: everyone alike (default), or the server, which then sends the model. */
  readonly outerSteps?: "everyone" | "server";
}

export function exchangeDifferences(pattern: Pattern, options: DifferenceOptions): Method {
  const { outer, stepSize = 1, outerSteps = "everyone" } = options;
  const method = exchangeDirections("exchange-differences", pattern, {
    local: (trainee) => new LocalSteps(trainee, options),
    optimizer: ({ momentum }) => outerOptimizer(outer, momentum),
    stepSize,
    steps: outerSteps,
  });
  return { ...method, stepsLocally: true };
}

/** @throws {ConfigError} if there are two momenta */
function outerOptimizer(outer: Optimizer | undefined, { factor, at }: Momentum): Optimizer {
  const own = at === "server" ? factor : 0;
  if (outer === undefined) return sgd(own);
  if (own === 0) return outer;
  throw new ConfigError("--momentum", {
    expected: `0, or momentum at the worker, where ${outer.name} takes the outer step`,
    got: `${factor}@${at}`,
    hint: "Give the outer optimizer its momentum in its own options.",
  });
}
