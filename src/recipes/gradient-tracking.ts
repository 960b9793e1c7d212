/**
 * Gradient tracking (DIGing): beside their models peers mix estimates of the mean gradient.
 *
 *     y_i = Σ_j w_ij y_j⁻ + ∇f_i(x_i) − ∇f_i(x_i⁻),  at first ∇f_i(x_i)
 *     x_i ← Σ_j w_ij x_j − η y_i
 *
 * Peers whose data differ reach one optimum with a constant step, where D-PSGD stops short; it costs twice the bytes.
 * @see Nedić, Olshevsky & Shi 2016, "Achieving Geometric Convergence for Distributed Optimization over Time-Varying
 *   Graphs", arXiv:1607.03218
 */
import { direct } from "../channels/direct.ts";
import { gossip } from "../patterns/gossip.ts";
import { exchangeModels } from "./exchange-models.ts";
import { overTopology } from "./exchange-models-options.ts";
import { trackedGradients } from "./exchange-models-schemes.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";

export const gradientTracking: Recipe = defineRecipe({
  name: "gradient-tracking",
  summary:
    "uncompressed, without a server: peers also mix estimates of the mean gradient, so that skewed data do no harm",
  paper: "arXiv:1607.03218",
  assumes: "W doubly stochastic with a spectral gap; η about 0.2/L on a ring, 0.05/L on directed graphs",
  defaults: { up: "identity", down: "identity", momentum: "worker", factor: 0 },
  compresses: "none",
  ownStep: true,
  ownAggregate: true,
  decentralised: true,
  options: { topology: overTopology },
  build: ({ up }, { topology }) => exchangeModels(gossip({ topology, channel: direct(up) }), trackedGradients),
});
