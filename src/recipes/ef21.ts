/**
 * EF21 and EF21+: both ends keep an estimate g_i of each worker's gradient, and only compressed corrections travel.
 *
 *     worker i:  c_i = C(∇f_i(x) − g_i);  g_i ← g_i + c_i      → server
 *     server:    G ← G + mean c_i                              → all
 *     all:       x ← x − γ G
 *
 * Converges at the O(1/T) rate of gradient descent, linearly under PL, to the exact solution. EF21+ lets each worker send
 * C(∇f_i(x)) itself where that is nearer. With `down` compressed, the server corrects an estimate of G the same way.
 * @see Richtárik, Sokolov & Fatkhullin 2021, "EF21", arXiv:2106.05203; Fatkhullin et al. 2021, arXiv:2110.03294
 */
import type { Channel } from "../channels/channel.ts";
import { direct } from "../channels/direct.ts";
import { ef21 as ef21Channel } from "../channels/ef21.ts";
import { ef21Plus as ef21PlusChannel } from "../channels/ef21-plus.ts";
import type { Compressor } from "../compressors/compressor.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { choice, participation } from "./options.ts";
import { defineRecipe, type Recipe, type RecipeDefinition, type RecipeUse } from "./recipe.ts";
import { aboveTheory, contraction, eachWith, notContractive } from "./server-recipe.ts";

const options = {
  init: choice("the first estimate: C of the first gradient, the gradient in f32, or 0", [
    "compressed",
    "full",
    "zero",
  ]),
  participation,
};
type Init = "compressed" | "full" | "zero";

const definition = (
  name: string,
  up: (compressor: Compressor, options: { init: Init }) => Channel,
): Omit<RecipeDefinition<typeof options>, "summary"> => ({
  name,
  paper: "arXiv:2106.05203",
  assumes: "contractive compressor; γ ≤ 1/(L + L̃ √(β/θ)), θ = 1 − √(1 − δ), β = (1 − δ)/θ",
  defaults: { up: "top-k:0.01", down: "identity", momentum: "worker" },
  compresses: "up",
  options,
  warnings: (use) => [...notContractive(name, use), ...aboveTheory(name, use.learningRate, theoryRate(use))],
  theoryRate,
  build: (slots, { init, participation: share }) =>
    exchangeGradients(
      parameterServer({
        up: up(slots.up, { init }),
        down: slots.down.law.kind === "exact" ? direct(slots.down) : ef21Channel(slots.down, { init }),
        aggregate: slots.aggregate,
        ...eachWith(share),
      }),
    ),
});

export const ef21: Recipe = defineRecipe({
  ...definition("ef21", ef21Channel),
  summary: "compressed corrections to an estimate of each worker's gradient",
});

export const ef21Plus: Recipe = defineRecipe({
  ...definition("ef21-plus", ef21PlusChannel),
  summary: "EF21, or plain compression where that is nearer",
});

/** 1/(L + L̃ √(β/θ)), with √(β/θ) = √(1 − δ)/(1 − √(1 − δ)); for an exact way down. */
function theoryRate({ up, down, length, curvature }: RecipeUse): number | undefined {
  const delta = contraction(up, length);
  if (curvature === undefined || delta === undefined || down.law.kind !== "exact") return undefined;
  const root = Math.sqrt(1 - delta);
  return 1 / (curvature.L + (curvature.Ltilde * root) / (1 - root));
}
