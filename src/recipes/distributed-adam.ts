/**
 * Distributed Adam and Generic Adam: gradients are averaged, and every member takes the same Adam step on the mean.
 *
 *     worker i:  g_i = ∇f_i(x)                     → server
 *     server:    g = mean g_i                      → all
 *     all:       m, v, x ← Adam(m, v, x, g)
 *
 * Moments see the averaged gradient only, so N workers with s samples equal one worker with N s samples: variance enters as
 * σ²/(N s), the linear speed-up. Generic Adam adds the schedule of the second moment that convergence needs.
 * @see Chen, Shen, Zou & Liu 2021, "Towards Practical Adam: Non-Convexity, Convergence Theory, and Mini-Batch Acceleration",
 *   arXiv:2101.05471
 */
import { direct } from "../channels/direct.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { defineRecipe, type Recipe, type RecipeDefinition } from "./recipe.ts";

const onTheMean: Pick<RecipeDefinition<Record<never, never>>, "paper" | "compresses" | "options" | "build"> = {
  paper: "arXiv:2101.05471",
  compresses: "none",
  options: {},
  build: ({ up, down, aggregate }) =>
    exchangeGradients(parameterServer({ up: direct(up), down: direct(down), aggregate })),
};

const defaults = { up: "identity", down: "identity", momentum: "worker", factor: 0 } as const;

export const distributedAdam: Recipe = defineRecipe({
  ...onTheMean,
  name: "distributed-adam",
  summary: "Adam on the mean of the workers' gradients",
  assumes: "β₁ < √β₂; constant parameters leave a term that does not vanish",
  defaults: { ...defaults, optimizer: "adam" },
});

export const genericAdam: Recipe = defineRecipe({
  ...onTheMean,
  name: "generic-adam",
  summary: "Adam with the schedules under which it converges, on the mean gradient",
  assumes: "θ_t non-decreasing, χ_t = α_t/√(1 − θ_t) almost non-increasing, Σ α_t √(1 − θ_t)/(T α_T) → 0",
  defaults: { ...defaults, optimizer: "generic-adam" },
});
