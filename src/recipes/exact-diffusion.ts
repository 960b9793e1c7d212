/**
 * Exact diffusion: a correction that costs no message takes the pull of their own data away from the peers.
 *
 *     ψ_i⁺ = x_i − η ∇f_i(x_i);   x_i⁺ = Σ_j w̄_ij (ψ_j⁺ + x_j − ψ_j),   W̄ = (W + I)/2,  ψ_0 = x_0
 *
 * Peers whose data differ reach one optimum with a constant step, for the bytes of D-PSGD.
 * @see Yuan, Ying, Zhao & Sayed 2017, "Exact Diffusion for Distributed Optimization and Learning", arXiv:1702.05122
 */
import { direct } from "../channels/direct.ts";
import { gossip } from "../patterns/gossip.ts";
import { exchangeModels } from "./exchange-models.ts";
import { overTopology } from "./exchange-models-options.ts";
import { correctedDiffusion } from "./exchange-models-schemes.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";

export const exactDiffusion: Recipe = defineRecipe({
  name: "exact-diffusion",
  summary: "uncompressed, without a server: a local correction makes skewed data harmless, at no cost in bytes",
  paper: "arXiv:1702.05122",
  assumes: "W symmetric and doubly stochastic; η below 1/L",
  defaults: { up: "identity", down: "identity", momentum: "worker", factor: 0 },
  compresses: "none",
  ownStep: true,
  ownAggregate: true,
  decentralised: true,
  options: { topology: overTopology },
  build: ({ up }, { topology }) =>
    // γ = ½ mixes by (W + I)/2.
    exchangeModels(gossip({ topology, channel: direct(up), stepSize: () => 0.5 }), correctedDiffusion),
});
