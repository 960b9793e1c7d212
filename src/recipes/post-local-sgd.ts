/**
 * Post-local SGD: mini-batch SGD at first, local SGD once the model has settled in a region.
 *
 *     rounds 0 … t' − 1:  H = 1;   from round t' on:  H local steps, then the mean of the models
 *
 * Early local steps move workers apart while the loss still bends; later they act as noise that helps to generalise, at H
 * times fewer exchanges. t' is best where the step size first decays.
 * @see Lin, Stich, Patel & Jaggi 2018, "Don't Use Large Mini-Batches, Use Local SGD", arXiv:1808.07217
 */
import { averageDifferences, driftsApart, localSteps } from "./local-recipe.ts";
import { number } from "./options.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { notContractive } from "./server-recipe.ts";

export const postLocalSgd: Recipe = defineRecipe({
  name: "post-local-sgd",
  summary: "mini-batch SGD for some rounds, then local SGD",
  paper: "arXiv:1808.07217",
  assumes: "a switch no earlier than the first decay of the step size",
  defaults: { up: "identity", down: "identity", momentum: "worker" },
  compresses: "both",
  options: {
    steps: localSteps(16),
    from: number("t', the first round with local steps", 100, { integer: true, min: 0 }),
  },
  warnings: (use, { steps }) => [
    ...notContractive("post-local-sgd", use),
    ...driftsApart("post-local-sgd", steps, use),
  ],
  build: (slots, { steps, from }) =>
    averageDifferences(slots, { steps: (round) => Math.min(round, from) + steps * Math.max(0, round - from) }),
});
