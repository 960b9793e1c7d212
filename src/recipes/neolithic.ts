/**
 * NEOLITHIC: DoubleSqueeze in which every vector is compressed R times over, each time what the last left out, and every
 * step averages R mini-batches.
 *
 *     worker i:  g = mean of R gradients;  v = g + e_i;  a_i = MSC(v, C, R);  e_i = v − a_i      → server
 *     server:    V = mean a_i + E;         a = MSC(V, C, R);      E = V − a                      → all
 *     all:       x ← x − η a
 *
 * MSC contracts by (1 − δ)^R, so the floor of the error falls with R, at R times the bytes a round: compare at equal bytes.
 * With `--down identity` the server answers in f32. Where the original keeps its error memories is to verify.
 * @see Huang, Chen, Yin & Yuan 2022, "Lower Bounds and Nearly Optimal Algorithms in Distributed Learning with Communication
 *   Compression", arXiv:2206.03665
 */
import { direct } from "../channels/direct.ts";
import { errorFeedback } from "../channels/error-feedback.ts";
import { multiStep } from "../channels/multi-step.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { number } from "./options.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { momentumAfter, notContractive } from "./server-recipe.ts";

export const neolithic: Recipe = defineRecipe({
  name: "neolithic",
  summary: "each vector compressed R times over, under error feedback at both ends",
  paper: "arXiv:2206.03665",
  assumes: "contractive compressors, R of order (1/δ) ln(1/δ)",
  defaults: { up: "top-k:0.01", down: "top-k:0.01", momentum: "worker" },
  compresses: "both",
  options: {
    steps: number("R, messages and mini-batches in a round", 4, { integer: true, min: 1, max: 64 }),
  },
  warnings: (use) => [...notContractive("neolithic", use), ...momentumAfter("neolithic", use)],
  build: ({ up, down, aggregate }, { steps }) =>
    exchangeGradients(
      parameterServer({
        up: errorFeedback(multiStep(up, steps)),
        down: down.law.kind === "exact" ? direct(down) : errorFeedback(multiStep(down, steps)),
        aggregate,
      }),
      { samples: steps },
    ),
});
