/**
 * DeepSqueeze: peers compress their models with error feedback; nobody mirrors anything.
 *
 *     v_i = x_i − η ∇f_i(x_i) + e_i;  c_i = C(v_i);  e_i = v_i − c_i      → neighbours
 *     x_i = x_i − η ∇f_i(x_i) + γ Σ_j w_ij (c_j − c_i)
 *
 * The model itself is compressed, not a difference that shrinks, so errors stay large and γ must be small.
 * @see Tang, Lian, Qiu, Yuan, Zhang, Zhang & Liu 2019, "DeepSqueeze", arXiv:1907.07346
 */
import { errorFeedback } from "../channels/error-feedback.ts";
import { gossip } from "../patterns/gossip.ts";
import { exchangeModels } from "./exchange-models.ts";
import { overTopology } from "./exchange-models-options.ts";
import { adaptThenCombine } from "./exchange-models-schemes.ts";
import { number } from "./options.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { notContractive } from "./server-recipe.ts";

export const deepSqueeze: Recipe = defineRecipe({
  name: "deep-squeeze",
  summary: "compressed SGD without a server: error feedback on the models, nothing is mirrored",
  paper: "arXiv:1907.07346",
  assumes: "contractive compressor, W symmetric and doubly stochastic, γ small enough for both",
  defaults: { up: "top-k:0.05", down: "identity", momentum: "worker" },
  compresses: "up",
  ownStep: true,
  ownAggregate: true,
  decentralised: true,
  options: {
    topology: overTopology,
    gamma: number("γ, how far to move towards the neighbours", 0.02, { above: 0, max: 1 }),
  },
  warnings: (use) => notContractive("deep-squeeze", use),
  build: ({ up }, { topology, gamma }) =>
    exchangeModels(gossip({ topology, channel: errorFeedback(up), stepSize: () => gamma }), {
      ...adaptThenCombine,
      needs: "doubly stochastic",
    }),
});
