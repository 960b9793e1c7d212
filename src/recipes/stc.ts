/**
 * Sparse ternary compression, as a federated protocol: model differences up, their compressed mean down, some of the clients
 * in each round, after one local step or a few.
 *
 *     client i:  (what it missed first)  ΔW = H local steps from W;
 *                U_i = STC(A_i + ΔW);  A_i ← A_i + ΔW − U_i                     → server
 *     server:    D = A + (1/|I|) Σ U_i;  U = STC(D);  A = D − U;  W ← W + U         → I; others later
 *
 * A client that was absent gets the updates it missed while they weigh less than the model. No momentum where
 * clients are absent or differ: theirs is stale then, or leads astray. Where all take part and are alike it helps.
 * @see Sattler, Wiedemann, Müller & Samek 2019, "Robust and Communication-Efficient Federated Learning from Non-IID Data",
 *   arXiv:1903.02891
 */
import { errorFeedback } from "../channels/error-feedback.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeDifferences } from "./exchange-differences.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { localSteps } from "./local-recipe.ts";
import { every } from "./local-steps.ts";
import { participation } from "./options.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { notContractive, someOf } from "./server-recipe.ts";

export const stc: Recipe = defineRecipe({
  name: "stc",
  summary: "sparse ternary model updates both ways, partial participation with a server cache",
  paper: "arXiv:1903.02891",
  assumes: "error feedback at both ends; no momentum where clients are absent or differ",
  defaults: { up: "stc:0.01", down: "stc:0.01", momentum: "worker", factor: 0 },
  compresses: "both",
  ownStep: true,
  options: { participation, steps: localSteps(1) },
  warnings: (use, { participation: share }) => [
    ...notContractive("stc", use),
    ...(use.momentum.factor > 0 && (share < 1 || use.skewed)
      ? [`stc: momentum ${use.momentum.factor} hurts where clients are absent or differ; use 0`]
      : []),
  ],
  build({ up, down, aggregate }, { participation: share, steps }) {
    const pattern = parameterServer({
      up: errorFeedback(up),
      down: errorFeedback(down),
      aggregate,
      ...someOf(share),
    });
    return steps === 1
      ? exchangeGradients(pattern, { rate: "inside" })
      : exchangeDifferences(pattern, { steps: () => every(steps) });
  },
});
