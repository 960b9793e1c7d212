/**
 * EF-SGD and EF-signSGD: what compression leaves out of a worker's step is added to its next one.
 *
 *     worker i:  p = γ g_i + e_i;  c_i = C(p);  e_i = p − c_i       → server
 *     server:    c = mean c_i                                       → all
 *     all:       x ← x − c
 *
 * Compression enters only the faster term of the rate, 4L²σ²(1 − δ)/(δ²(T + 1)). With full gradients and workers that
 * disagree it stalls at a floor proportional to γ², which EF21 does not.
 * @see Karimireddy, Rebjock, Stich & Jaggi 2019, "Error Feedback Fixes SignSGD", arXiv:1901.09847
 * @see Stich, Cordonnier & Jaggi 2018, "Sparsified SGD with Memory", arXiv:1809.07599
 */
import { direct } from "../channels/direct.ts";
import { errorFeedback } from "../channels/error-feedback.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { choice } from "./options.ts";
import { defineRecipe, type Recipe, type RecipeDefinition } from "./recipe.ts";
import { momentumAfter, notContractive } from "./server-recipe.ts";

const options = {
  rate: choice("where the step size enters: before compression or after the average", ["inside", "outside"]),
};

const definition = (name: string): Omit<RecipeDefinition<typeof options>, "summary" | "defaults"> => ({
  name,
  paper: "arXiv:1901.09847",
  assumes: "contractive compressor, bounded second moments; γ ∝ 1/√T",
  compresses: "up",
  ownStep: true,
  options,
  warnings: (use) => [...notContractive(name, use), ...momentumAfter(name, use)],
  build: ({ up, down, aggregate }, { rate }) =>
    exchangeGradients(parameterServer({ up: errorFeedback(up), down: direct(down), aggregate }), { rate }),
});

export const efSgd: Recipe = defineRecipe({
  ...definition("ef-sgd"),
  summary: "error feedback at the workers, plain f32 from the server",
  defaults: { up: "top-k:0.01", down: "identity", momentum: "worker" },
});

export const efSignSgd: Recipe = defineRecipe({
  ...definition("ef-signsgd"),
  summary: "scaled signs per tensor with error feedback at the workers",
  defaults: { up: "sign:scale=mean,per=tensor", down: "identity", momentum: "worker" },
});
