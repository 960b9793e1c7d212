/**
 * DIANA: each worker compresses the difference to a memory of its gradients, so compression noise vanishes as they settle.
 *
 *     worker i:  c_i = C(g_i − h_i);  h_i ← h_i + α c_i        → server
 *     server:    G = h + mean c_i;    h ← h + α mean c_i       → all
 *     all:       x ← x − γ G
 *
 * With full gradients it converges linearly to the exact solution, however different the workers' losses are.
 * @see Mishchenko, Gorbunov, Takáč & Richtárik 2019, arXiv:1901.09269
 * @see Horváth, Kovalev, Mishchenko, Stich & Richtárik 2019, arXiv:1904.05115
 */
import { direct } from "../channels/direct.ts";
import { memory } from "../channels/memory.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { optionalNumber } from "./options.ts";
import { defineRecipe, type Recipe, type RecipeUse } from "./recipe.ts";
import { aboveTheory, followsTooFast, notUnbiased, variance } from "./server-recipe.ts";

export const diana: Recipe = defineRecipe({
  name: "diana",
  summary: "compressed differences to a memory of each worker's gradients",
  paper: "arXiv:1901.09269",
  assumes: "unbiased compressors, α ≤ 1/(1 + ω), γ ≤ 1/(L(1 + 6ω/n))",
  defaults: { up: "qsgd:levels=7,bucket=512", down: "identity", momentum: "server" },
  compresses: "up",
  options: { alpha: optionalNumber("α of the memory; 1/(2(1 + ω)) if left out", { above: 0, max: 1 }) },
  warnings: (use, { alpha }) => [
    ...notUnbiased("diana", use),
    ...followsTooFast("diana", alpha, [use.up], use.length),
    ...aboveTheory("diana", use.learningRate, theoryRate(use)),
  ],
  theoryRate,
  build: ({ up, down, aggregate }, { alpha }) =>
    exchangeGradients(parameterServer({ up: memory(up, { alpha }), down: direct(down), aggregate })),
});

/** For an exact way down. */
function theoryRate({ up, down, length, workers, curvature }: RecipeUse): number | undefined {
  const omega = variance(up, length);
  return curvature && omega !== undefined && variance(down, length) === 0
    ? 1 / (curvature.Lmax * (1 + (6 * omega) / workers))
    : undefined;
}
