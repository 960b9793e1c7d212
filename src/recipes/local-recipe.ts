/**
 * What recipes with local steps have in common.
 */
import { ConfigError } from "../base/errors.ts";
import type { Option, Options } from "../base/options.ts";
import type { Channel } from "../channels/channel.ts";
import { direct } from "../channels/direct.ts";
import { type ErrorFeedbackOptions, errorFeedback } from "../channels/error-feedback.ts";
import type { Compressor } from "../compressors/compressor.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { parseOptimizer } from "../optimizers/registry.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeDifferences } from "./exchange-differences.ts";
import type { LocalState, StepCount } from "./local-steps.ts";
import type { Method } from "./method.ts";
import { choice, number } from "./options.ts";
import type { RecipeSlots, RecipeUse } from "./recipe.ts";

export interface LocalOptions {
  readonly steps: number;
  readonly state: LocalState;
  /** Spec of an optimizer. */
  readonly outer: string;
  readonly "outer-rate": number;
}

/** H, what local optimizers remember, and the outer step: by default, the mean of the models. */
export const localOptions = (steps: number, outer = "sgd", outerRate = 1): Options<LocalOptions> => ({
  steps: localSteps(steps),
  state: choice("what local optimizers remember from round to round: everything, or nothing", ["keep", "reset"]),
  ...outerOptions(outer, outerRate),
});

export const localSteps = (usual: number): Option<number> =>
  number("H, local steps in a round", usual, { integer: true, min: 1, max: 1e6 });

export const outerOptions = (outer = "sgd", rate = 1): Options<Pick<LocalOptions, "outer" | "outer-rate">> => ({
  outer: {
    meaning: "optimizer of the outer step; sgd has the momentum of --momentum m@server",
    default: outer,
    parse(text, where) {
      const { name, needsLoss } = parseOptimizer(text, where);
      if (needsLoss !== true) return name;
      throw new ConfigError(where, { expected: "an optimizer that needs no losses", got: text });
    },
  },
  "outer-rate": number("γ, step size of the outer step", rate, { above: 0 }),
});

/** undefined for plain SGD, whose momentum is the job's. */
export const outerOf = (spec: string): Optimizer | undefined =>
  spec === "sgd" ? undefined : parseOptimizer(spec, "outer");

/**
 * Differences averaged by a server, under error feedback at both ends where they are compressed.
 * @param memory of the workers' ends
 */
export const averageDifferences = (
  { up, down, aggregate }: RecipeSlots,
  { steps, state, outer, "outer-rate": stepSize }: Partial<Omit<LocalOptions, "steps">> & { readonly steps: StepCount },
  memory: ErrorFeedbackOptions = {},
): Method =>
  exchangeDifferences(parameterServer({ up: remembering(up, memory), down: remembering(down), aggregate }), {
    steps: () => steps,
    outer: outerOf(outer ?? "sgd"),
    ...(state !== undefined && { state }),
    ...(stepSize !== undefined && { stepSize }),
  });

/** Error feedback, where there is an error. */
export const remembering = (compressor: Compressor, options: ErrorFeedbackOptions = {}): Channel =>
  compressor.law.kind === "exact" ? direct(compressor) : errorFeedback(compressor, options);

/** T, local steps of a run. */
export const stepsOfRun = ({ rounds }: RecipeUse, steps: number): number | undefined =>
  rounds === undefined ? undefined : rounds * steps;

/** A line if workers that hold different data move apart in a round of so many steps. */
export const driftsApart = (method: string, steps: number, { skewed }: RecipeUse): string[] =>
  skewed && steps > 1
    ? [`${method}: workers with different data drift apart in their local steps; fewer or smaller ones mend it`]
    : [];

/** A line if H is above what keeps the rate of mini-batch SGD. @param most undefined where it is not known */
export const tooManySteps = (method: string, steps: number, rule: string, most: number | undefined): string[] =>
  most === undefined || steps <= Math.max(1, most)
    ? []
    : [`${method}: ${steps} local steps are above ${rule} = ${most.toPrecision(3)}`];
