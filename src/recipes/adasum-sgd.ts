/**
 * Adasum: what the workers agree on is averaged, what is orthogonal is summed, so that a step of many workers is no longer
 * than it may be, and no shorter than it need be.
 *
 *     of differences:  worker i:  y_i = H steps of the local optimizer from x;  Δ_i = x − y_i
 *                      all:       x ← x − Adasum(Δ_1, …, Δ_n)
 *     of gradients:    all:       x ← step(x, Adasum(g_1, …, g_n), η)
 *
 * For plain SGD with H = 1 both are the same. The state of the optimizer stays local, so that momentum, Adam and LAMB see
 * the gradients of one worker. Take η of a single worker, not n times it; 2 to 2.5 times is a good start. Pairs are formed by
 * rank, along a tree; vectors travel by halves.
 * @see Maleki, Musuvathi, Mytkowicz, Saarikivi et al. 2020, "Scaling Distributed Training with Adaptive Summation",
 *   arXiv:2006.02924
 */
import { adasum as rule } from "../aggregators/adasum.ts";
import { adasumAllReduce } from "../patterns/adasum-all-reduce.ts";
import { group, inGroups } from "./all-reduce-sgd.ts";
import { exchangeDifferences } from "./exchange-differences.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { localSteps } from "./local-recipe.ts";
import { every } from "./local-steps.ts";
import { choice, flag } from "./options.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";

export const adasumSgd: Recipe = defineRecipe({
  name: "adasum",
  summary: "averages what workers agree on, sums what is orthogonal: differences of models, or gradients",
  paper: "arXiv:2006.02924",
  assumes: "the step size of a single worker; a number of workers, or of groups, that is a power of two",
  defaults: { up: "identity", down: "identity", momentum: "worker" },
  compresses: "none",
  ownAggregate: true,
  options: {
    of: choice("what is combined", ["differences", "gradients"]),
    steps: localSteps(1),
    state: choice("what local optimizers remember from round to round: everything, or nothing", ["keep", "reset"]),
    "per-layer": flag("each tensor by itself, or the whole vector as one", true),
    group,
  },
  warnings: (use, { of, steps, "per-layer": perLayer, group }) => [
    ...(rule({ perLayer }).warnings?.({ ...use, workers: Math.ceil(use.workers / group) }) ?? []),
    ...(of === "gradients" && steps > 1
      ? [`adasum: of=gradients has one step a round; steps=${steps} has no effect`]
      : []),
  ],
  build(_, { of, steps, state, "per-layer": perLayer, group }) {
    const pattern = inGroups(adasumAllReduce({ perLayer }), group);
    return of === "gradients"
      ? exchangeGradients(pattern)
      : exchangeDifferences(pattern, { steps: () => every(steps), state });
  },
});
