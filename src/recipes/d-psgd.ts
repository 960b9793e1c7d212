/**
 * D-PSGD: gossip of plain models, on any topology, with a local step before or after.
 *
 *     combine, then adapt:  x_i ← Σ_j w_ij x_j − η ∇f_i(x_i)         messages travel while the gradient is computed
 *     adapt, then combine:  x_i ← Σ_j w_ij (x_j − η ∇f_j(x_j))
 *
 * On the complete graph it is SGD with an exact average. Peers whose data differ are drawn apart by η times that
 * difference, the farther the smaller the spectral gap. On a directed graph whose rows do not sum to 1 it is stochastic
 * gradient push.
 * @see Lian, Zhang, Zhang, Hsieh, Zhang & Liu 2017, "Can Decentralized Algorithms Outperform Centralized Algorithms?",
 *   arXiv:1705.09056
 * @see Assran, Loizou, Ballas & Rabbat 2018, "Stochastic Gradient Push for Distributed Deep Learning", arXiv:1811.10792
 */
import { direct } from "../channels/direct.ts";
import { gossip } from "../patterns/gossip.ts";
import { exchangeModels } from "./exchange-models.ts";
import { overTopology } from "./exchange-models-options.ts";
import { adaptThenCombine, combineThenAdapt } from "./exchange-models-schemes.ts";
import { choice } from "./options.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { aboveTheory } from "./server-recipe.ts";

const orders = { [combineThenAdapt.name]: combineThenAdapt, [adaptThenCombine.name]: adaptThenCombine };

export const dPsgd: Recipe = defineRecipe({
  name: "d-psgd",
  summary: "uncompressed SGD without a server: peers average their models with their neighbours",
  paper: "arXiv:1705.09056",
  assumes: "W doubly stochastic (else push-sum) with a spectral gap; η ≤ 1/(2L + σ√(T/n))",
  defaults: { up: "identity", down: "identity", momentum: "worker" },
  compresses: "none",
  ownStep: true,
  ownAggregate: true,
  decentralised: true,
  options: {
    topology: overTopology,
    order: choice("what a round does first", ["combine-then-adapt", "adapt-then-combine"]),
  },
  warnings: ({ learningRate, curvature }) => aboveTheory("d-psgd", learningRate, curvature && 1 / (2 * curvature.Lmax)),
  build: ({ up }, { topology, order }) => exchangeModels(gossip({ topology, channel: direct(up) }), orders[order]!),
});
