/**
 * MCM and Rand-MCM: the server keeps the exact model; what it sends is a compressed difference to a memory of the model, and
 * workers take their gradients where that leads them.
 *
 *     worker i:  g_i at ŵ;  c_i = C_up(g_i − h_i);  h_i ← h_i + α_up c_i                → server
 *     server:    G = h + mean c_i;  w ← w − γ G;    O = C_down(w − H)                   → all
 *     all:       ŵ = H + O;  H ← H + α_down O
 *
 * Noise of the downlink only moves the point at which gradients are taken, so that asymptotically it costs what compression
 * of the uplink alone costs. Rand-MCM sends each worker a message with noise of its own, which averages out.
 * @see Philippenko & Dieuleveut 2021, "Preserved central model for faster bidirectional compression", arXiv:2102.12528
 */
import { memory } from "../channels/memory.ts";
import { preservedModel } from "../channels/preserved-model.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { optionalNumber } from "./options.ts";
import { defineRecipe, type Recipe, type RecipeDefinition, type RecipeUse } from "./recipe.ts";
import { aboveTheory, followsTooFast, notUnbiased, variance } from "./server-recipe.ts";

const options = {
  alpha: optionalNumber("α of the memories; 1/(2(1 + ω)) of each direction if left out", { above: 0, max: 1 }),
};

const definition = (name: string, downEach: boolean): Omit<RecipeDefinition<typeof options>, "summary"> => ({
  name,
  paper: "arXiv:2102.12528",
  assumes: "unbiased compressors; γ ≤ min(1/(8 ω_down L), 1/(2L(1 + ω_up/n)), 1/(4L √(2 ω_down(8 ω_down + ω_up/n))))",
  defaults: { up: "qsgd:levels=1", down: "qsgd:levels=1", momentum: "worker", factor: 0 },
  compresses: "both",
  options,
  warnings: (use, { alpha }) => [
    ...notUnbiased(name, use),
    ...followsTooFast(name, alpha, [use.up, use.down], use.length),
    ...aboveTheory(name, use.learningRate, theoryRate(use)),
  ],
  theoryRate,
  build: ({ up, down, aggregate }, { alpha }) =>
    exchangeGradients(
      parameterServer({ up: memory(up, { alpha }), down: preservedModel(down, { alpha }), aggregate, downEach }),
      { steps: "server" },
    ),
});

export const mcm: Recipe = defineRecipe({
  ...definition("mcm", false),
  summary: "an exact model at the server, compressed differences to a memory of it down",
});

export const randMcm: Recipe = defineRecipe({
  ...definition("rand-mcm", true),
  summary: "MCM with independent noise for each worker",
});

/** Recalled from the paper, to verify. */
function theoryRate({ up, down, length, workers, curvature }: RecipeUse): number | undefined {
  const [omegaUp, omegaDown] = [variance(up, length), variance(down, length)];
  if (curvature === undefined || omegaUp === undefined || omegaDown === undefined) return undefined;
  const upPerWorker = omegaUp / workers;
  const limits = [2 * (1 + upPerWorker), 8 * omegaDown, 4 * Math.sqrt(2 * omegaDown * (8 * omegaDown + upPerWorker))];
  return 1 / (Math.max(...limits) * curvature.Lmax);
}
