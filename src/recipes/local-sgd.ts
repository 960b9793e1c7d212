/**
 * Local SGD: workers take H steps by themselves, then average their models.
 *
 *     worker i:  y_i = x − η Σ_h g_i(y_i^h), H steps         → server
 *     all:       x ← mean y_i
 *
 * For strongly convex losses and workers of one distribution, H up to √(T/(n b)) keeps the speed of mini-batch SGD: √(T/(n b))
 * times fewer exchanges for T steps of b samples. Steps η_t = 4/(μ(a + t)), a > max(16 L/μ, H), so η_0 is below
 * min(1/(4L), 4/(μ H)). Where data differs, the fixed point moves away from the optimum by O(η (H − 1)).
 *
 * With a compressor, differences of models travel under error feedback: Qsparse-local-SGD.
 * @see Stich 2018, "Local SGD Converges Fast and Communicates Little", arXiv:1805.09767
 * @see Basu, Data, Karakus & Diggavi 2019, "Qsparse-local-SGD", arXiv:1906.02367
 */
import { averageDifferences, driftsApart, localOptions, stepsOfRun, tooManySteps } from "./local-recipe.ts";
import { every } from "./local-steps.ts";
import { defineRecipe, type Recipe, type RecipeUse } from "./recipe.ts";
import { aboveTheory, notContractive } from "./server-recipe.ts";

export const localSgd: Recipe = defineRecipe({
  name: "local-sgd",
  summary: "H local steps, then the mean of the models; with a compressor, Qsparse-local-SGD",
  paper: "arXiv:1805.09767",
  assumes: "workers of one distribution, a strongly convex loss; H ≤ √(T/(n b)), η_0 ≤ min(1/(4L), 4/(μH))",
  defaults: { up: "identity", down: "identity", momentum: "worker" },
  compresses: "both",
  options: localOptions(16),
  warnings: (use, options) => [
    ...notContractive("local-sgd", use),
    ...driftsApart("local-sgd", options.steps, use),
    ...tooManySteps("local-sgd", options.steps, "√(T/(n b))", mostSteps(use, options.steps)),
    ...aboveTheory("local-sgd", use.learningRate, theoryRate(use, options)),
  ],
  theoryRate,
  build: (slots, options) => averageDifferences(slots, { ...options, steps: every(options.steps) }),
});

function mostSteps(use: RecipeUse, steps: number): number | undefined {
  const total = stepsOfRun(use, steps);
  return total === undefined || use.batch === undefined || use.curvature === undefined
    ? undefined
    : Math.sqrt(total / (use.workers * use.batch));
}

function theoryRate({ curvature }: RecipeUse, { steps }: { readonly steps: number }): number | undefined {
  if (curvature === undefined) return undefined;
  const { Lmax, mu } = curvature;
  return Math.min(1 / (4 * Lmax), mu === undefined ? Number.POSITIVE_INFINITY : 4 / (mu * steps));
}
