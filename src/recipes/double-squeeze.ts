/**
 * DoubleSqueeze: workers and server both compress with error feedback; everyone applies the same decoded mean.
 *
 *     worker i:  v = g_i + e_i;          c_i = C(v);  e_i = v − c_i      → server
 *     server:    V = mean c_i + E;       c = C(V);    E = V − c          → all
 *     all:       x ← x − η c
 *
 * Momentum belongs before the compression here (`0.9@worker`): after the average, the delayed part of an error is
 * amplified by 1/(1 − μ) and aggressive compressors such as sign diverge.
 * @see Tang, Yu, Lian, Zhang & Liu 2019, "DoubleSqueeze", arXiv:1905.05957
 */
import { errorFeedback } from "../channels/error-feedback.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { momentumAfter, notContractive } from "./server-recipe.ts";

export const doubleSqueeze: Recipe = defineRecipe({
  name: "double-squeeze",
  summary: "error feedback at the workers and at the server",
  paper: "arXiv:1905.05957",
  assumes: "compression errors bounded in expectation: contractive compressors in both directions",
  defaults: { up: "top-k:0.01", down: "top-k:0.01", momentum: "worker" },
  compresses: "both",
  options: {},
  warnings: (use) => [...notContractive("double-squeeze", use), ...momentumAfter("double-squeeze", use)],
  build: ({ up, down, aggregate }) =>
    exchangeGradients(parameterServer({ up: errorFeedback(up), down: errorFeedback(down), aggregate })),
});
