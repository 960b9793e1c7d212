/**
 * Compressed SGD (DCGD; QSGD, TernGrad, natural compression and CGX by the choice of compressor): each gradient is
 * compressed for itself.
 *
 *     worker i:  c_i = C(g_i)                      → server
 *     server:    c = C_down(mean c_i)              → all
 *     all:       x ← x − η c
 *
 * With unbiased C and γ ≤ 1/(L(1 + 2ω/n)): E‖x_k − x*‖² ≤ (1 − γμ)^k ‖x_0 − x*‖² + 2γωZ/(μn), a floor that vanishes only
 * where all workers agree at the optimum (Z = mean ‖∇f_i(x*)‖² = 0).
 * @see Khirirat, Feyzmahdavian & Johansson 2018, arXiv:1806.06573
 * @see Alistarh, Grubic, Li, Tomioka & Vojnovic 2016, "QSGD", arXiv:1610.02132
 */
import { direct } from "../channels/direct.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { defineRecipe, type Recipe, type RecipeUse } from "./recipe.ts";
import { aboveTheory, notUnbiased, variance } from "./server-recipe.ts";

export const compressedSgd: Recipe = defineRecipe({
  name: "compressed-sgd",
  summary: "every gradient compressed for itself: QSGD, TernGrad, natural compression",
  paper: "arXiv:1806.06573",
  assumes: "unbiased compressors; γ ≤ 1/(L(1 + 2ω/n))",
  defaults: { up: "qsgd:levels=7,bucket=512", down: "identity", momentum: "server" },
  compresses: "up",
  options: {},
  warnings: (use) => [
    ...notUnbiased("compressed-sgd", use),
    ...aboveTheory("compressed-sgd", use.learningRate, theoryRate(use)),
  ],
  theoryRate,
  build: ({ up, down, aggregate }) =>
    exchangeGradients(parameterServer({ up: direct(up), down: direct(down), aggregate })),
});

/** For an exact way down. */
function theoryRate({ up, down, length, workers, curvature }: RecipeUse): number | undefined {
  const omega = variance(up, length);
  return curvature && omega !== undefined && variance(down, length) === 0
    ? 1 / (curvature.Lmax * (1 + (2 * omega) / workers))
    : undefined;
}
