/**
 * Sparse ternary compression, as a federated protocol: model differences up, their compressed mean down, some of the clients
 * in each round.
 *
 *     client i:  (what it missed first)  ΔW = −η ∇f_i(W);  U_i = STC(A_i + ΔW);  A_i ← A_i + ΔW − U_i      → server
 *     server:    D = A + (1/|I|) Σ U_i;  U = STC(D);  A = D − U;  W ← W + U                               → I; others later
 *
 * A client that was absent gets the updates it missed while they weigh less than the model. No momentum: it hurts with
 * partial participation.
 * @see Sattler, Wiedemann, Müller & Samek 2019, "Robust and Communication-Efficient Federated Learning from Non-IID Data",
 *   arXiv:1903.02891
 */
import { errorFeedback } from "../channels/error-feedback.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { participation } from "./options.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { notContractive } from "./server-recipe.ts";

export const stc: Recipe = defineRecipe({
  name: "stc",
  summary: "sparse ternary model updates both ways, partial participation with a server cache",
  paper: "arXiv:1903.02891",
  assumes: "error feedback at both ends; no momentum",
  defaults: { up: "stc:0.01", down: "stc:0.01", momentum: "worker", factor: 0 },
  compresses: "both",
  ownStep: true,
  options: { participation },
  warnings: (use) => [
    ...notContractive("stc", use),
    ...(use.momentum.factor > 0
      ? [`stc: momentum ${use.momentum.factor} hurts with partial participation; use 0`]
      : []),
  ],
  build: ({ up, down, aggregate }, { participation: share }) =>
    exchangeGradients(
      parameterServer({
        up: errorFeedback(up),
        down: errorFeedback(down),
        aggregate,
        ...(share === 1 ? {} : { participation: { share, draw: "count" } }),
      }),
      { rate: "inside" },
    ),
});
