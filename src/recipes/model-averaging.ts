/**
 * Model averaging, or parallel restarted SGD: local SGD as it is proved for non-convex losses, plain steps of one size and no
 * memory from one average to the next.
 *
 *     worker i:  y_i = x − η Σ_h g_i(y_i^h), I steps         → server
 *     all:       x ← mean y_i
 *
 * With η ≤ 1/L, (1/T) Σ ‖∇f(x̄_t)‖² ≤ 2(f(x_0) − f*)/(ηT) + 4η²I²G²L² + Lησ²/n: η = √n/(L√T) and I ≤ T^¼/n^¾ keep
 * O(1/√(nT)) over T steps, also where workers hold different data.
 * @see Yu, Yang & Zhu 2018, "Parallel Restarted SGD with Faster Convergence and Less Communication", arXiv:1807.06629
 */
import { pow } from "../base/maths.ts";
import { averageDifferences, localSteps, stepsOfRun, tooManySteps } from "./local-recipe.ts";
import { every } from "./local-steps.ts";
import { defineRecipe, type Recipe, type RecipeUse } from "./recipe.ts";
import { aboveTheory, notContractive } from "./server-recipe.ts";

export const modelAveraging: Recipe = defineRecipe({
  name: "model-averaging",
  summary: "parallel restarted SGD: local steps of one size, then the mean of the models",
  paper: "arXiv:1807.06629",
  assumes: "bounded second moments; η ≤ 1/L, I ≤ T^¼/n^¾",
  defaults: { up: "identity", down: "identity", momentum: "worker", factor: 0 },
  compresses: "both",
  options: { steps: localSteps(4) },
  warnings: (use, { steps }) => [
    ...notContractive("model-averaging", use),
    ...tooManySteps("model-averaging", steps, "T^¼/n^¾", mostSteps(use, steps)),
    ...aboveTheory("model-averaging", use.learningRate, theoryRate(use)),
  ],
  theoryRate,
  build: (slots, { steps }) => averageDifferences(slots, { steps: every(steps), state: "reset" }),
});

function mostSteps(use: RecipeUse, steps: number): number | undefined {
  const total = stepsOfRun(use, steps);
  return total === undefined || use.curvature === undefined ? undefined : pow(total, 0.25) / pow(use.workers, 0.75);
}

function theoryRate({ curvature }: RecipeUse): number | undefined {
  return curvature && 1 / curvature.Lmax;
}
