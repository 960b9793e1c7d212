/**
 * BAGUA's decentralised primitives on models: peers mix with their neighbours, and nobody has the mean.
 *
 *     full precision, D_FP_S:  x_i ← Σ_j w_ij x_j − η u_i              messages travel while the gradient is computed
 *     low precision, D_LP_S:   x_i ← x_i + Q(Σ_j w_ij x_j − x_i − η u_i)
 *
 * Q is 8 bits between the extremes of a block. The paper's peers have a ring's two neighbours, or in full precision one
 * other drawn at random (topology=random-pairs) or in turn (shift-one).
 * @see Gan et al. 2021, "BAGUA: Scaling up Distributed Learning with System Relaxations", arXiv:2107.01499
 * @see Tang, Gan, Zhang, Zhang & Liu 2018, "Communication Compression for Decentralized Training", arXiv:1803.06443
 */
import { direct } from "../channels/direct.ts";
import { identity } from "../compressors/identity.ts";
import { gossip } from "../patterns/gossip.ts";
import type { TopologyChoice } from "../topologies/registry.ts";
import { laplacianNorm, spectralGap } from "../topologies/spectrum.ts";
import { BYTES } from "./bagua.ts";
import { exchangeModels } from "./exchange-models.ts";
import { overTopology } from "./exchange-models-options.ts";
import { combineThenAdapt } from "./exchange-models-schemes.ts";
import { alongSteps, gossipSteps } from "./gossip-steps.ts";
import { choice } from "./options.ts";
import { defineRecipe, type Recipe, type RecipeUse } from "./recipe.ts";
import { aboveTheory, contraction } from "./server-recipe.ts";

/** Peers up to which the spectrum is worked out for a warning. */
const SPECTRUM_MAX = 1024;

export const baguaGossip: Recipe = defineRecipe({
  name: "bagua-gossip",
  summary: "BAGUA's decentralised primitives: models mixed with neighbours, steps in 8 bits, or models in full",
  paper: "arXiv:2107.01499",
  assumes: "W symmetric and doubly stochastic; D_LP_S: ‖Q(z) − z‖ ≤ α‖z‖ with α < ρ/(2‖I − W‖), ρ its spectral gap",
  defaults: { up: BYTES, down: "identity", momentum: "worker" },
  compresses: "up",
  ownStep: true,
  ownAggregate: true,
  decentralised: true,
  options: {
    precision: choice("D_LP_S or D_FP_S, which sends plain f32 whatever the compressor", ["low", "full"]),
    topology: overTopology,
  },
  warnings: (use, { precision, topology }) =>
    precision === "low"
      ? tooCoarse(use, topology)
      : aboveTheory("bagua-gossip", use.learningRate, use.curvature && 1 / (2 * use.curvature.Lmax)),
  build: ({ up }, { precision, topology }) =>
    precision === "low"
      ? exchangeModels(gossipSteps(topology, up), alongSteps)
      : exchangeModels(gossip({ topology, channel: direct(identity()) }), combineThenAdapt),
});

/** A line if the theorem does not cover the compressor. BAGUA's own bytes state no law, and are left to practice. */
function tooCoarse({ up, length, workers }: RecipeUse, topology: TopologyChoice): string[] {
  const delta = contraction(up, length);
  const choco = "choco takes any contractive compressor";
  if (up.name === BYTES) return [];
  if (delta === undefined) return [`bagua-gossip: ${up.name} states no bound on what it loses; ${choco}`];
  if (workers > SPECTRUM_MAX) return [];
  const graph = topology.of(workers);
  const alpha = Math.sqrt(1 - delta);
  const most = spectralGap(graph) / (2 * laplacianNorm(graph));
  if (alpha < most || graph.period > 1) return []; // a graph that changes is refused
  return [
    `bagua-gossip: ${up.name} may lose ${alpha.toPrecision(2)} of a step, and on ${topology.name} D_LP_S is ` +
      `proved below ${most.toPrecision(2)}; ${choco}`,
  ];
}
