/**
 * Artemis: memory at the workers, compression both ways, some of the workers in each round.
 *
 *     round:     S = each worker with probability p
 *     i in S:    c_i = C_up(g_i − h_i);  h_i ← h_i + α c_i                                → server
 *     server:    PP2: G = h + (1/pn) Σ_S c_i,  h ← h + (α/n) Σ_S c_i       (keep=mean)
 *                PP1: G = (1/pn) Σ_S (h_i + c_i)                           (keep=each)
 *                c = C_down(G)                                                            → S; the others when back
 *     all:       x ← x − γ c
 *
 * The memory turns the floor that different workers cause into linear convergence. With p < 1 only PP2 keeps it: PP1 leaves
 * the noise of which h_i are drawn. Average iterates with `--average polyak`.
 * @see Philippenko & Dieuleveut 2020, "Artemis", arXiv:2006.14591
 */
import { direct } from "../channels/direct.ts";
import { memory } from "../channels/memory.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { choice, optionalNumber, participation } from "./options.ts";
import { defineRecipe, type Recipe, type RecipeUse } from "./recipe.ts";
import { aboveTheory, eachWith, followsTooFast, notUnbiased, variance } from "./server-recipe.ts";

export const artemis: Recipe = defineRecipe({
  name: "artemis",
  summary: "worker memories, compression both ways, partial participation",
  paper: "arXiv:2006.14591",
  assumes: "unbiased compressors; γ ≤ n/(4 ω_up (ω_down + 1) L), or 1/(5(ω_down + 1)L) where n is of the order of ω_up",
  defaults: { up: "qsgd:levels=1", down: "qsgd:levels=1", momentum: "worker", factor: 0 },
  compresses: "both",
  options: {
    participation,
    keep: choice("what the server keeps of the memories: their mean (PP2) or each (PP1)", ["mean", "each"]),
    alpha: optionalNumber("α of the memories; 1/(2(1 + ω)) if left out, 0 for none", { min: 0, max: 1 }),
  },
  warnings: (use, options) => [
    ...notUnbiased("artemis", use),
    ...followsTooFast("artemis", options.alpha, [use.up], use.length),
    ...aboveTheory("artemis", use.learningRate, theoryRate(use, options)),
  ],
  theoryRate,
  build: ({ up, down, aggregate }, { participation: share, keep, alpha }) =>
    exchangeGradients(
      parameterServer({ up: memory(up, { alpha, keep }), down: direct(down), aggregate, ...eachWith(share) }),
    ),
});

/**
 * 1/((ω_down + 1)L) without compression up, else divided by 5 or by 4ω_up/n, whichever is more; by 3 or 2ω_up/n without
 * memory. Limits recalled from the paper, to verify.
 */
function theoryRate(
  { up, down, length, workers, curvature }: RecipeUse,
  { alpha }: { readonly alpha: number | undefined },
): number | undefined {
  const [omegaUp, omegaDown] = [variance(up, length), variance(down, length)];
  if (curvature === undefined || omegaUp === undefined || omegaDown === undefined) return undefined;
  const [near, far] = alpha === 0 ? [3, 2] : [5, 4];
  const slower = omegaUp === 0 ? 1 : Math.max(near, (far * omegaUp) / workers);
  return 1 / (slower * (omegaDown + 1) * curvature.Lmax);
}
