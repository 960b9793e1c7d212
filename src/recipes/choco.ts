/**
 * CHOCO-SGD: every peer keeps a public copy x̂_i that its neighbours mirror; compressed differences bring it up to date.
 *
 *     y_i = x_i − η ∇f_i(x_i)
 *     q_i = C(y_i − x̂_i);  x̂_i ← x̂_i + q_i                     → neighbours
 *     x_i = y_i + γ Σ_j w_ij (x̂_j − x̂_i)
 *
 * Any contractive C will do if γ is small enough: the theory's is extremely careful, the largest stable one is best.
 * @see Koloskova, Stich & Jaggi 2019, "Decentralized Stochastic Optimization and Gossip Algorithms with Compressed
 *   Communication", arXiv:1902.00340
 * @see Koloskova, Lin, Stich & Jaggi 2019, "Decentralized Deep Learning with Arbitrary Communication Compression",
 *   arXiv:1907.09356
 */
import { ConfigError } from "../base/errors.ts";
import { difference } from "../channels/difference.ts";
import { gossip } from "../patterns/gossip.ts";
import { laplacianNorm, spectralGap } from "../topologies/spectrum.ts";
import type { Topology } from "../topologies/topology.ts";
import { exchangeModels } from "./exchange-models.ts";
import { gossipStepSize, overTopology } from "./exchange-models-options.ts";
import { adaptThenCombine } from "./exchange-models-schemes.ts";
import { choice } from "./options.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { contraction, notContractive } from "./server-recipe.ts";

/** Peers up to which the theory's γ is worked out for a warning: the spectrum of a larger graph takes too long. */
const SPECTRUM_MAX = 1024;

export const choco: Recipe = defineRecipe({
  name: "choco",
  summary: "compressed SGD without a server: neighbours mirror public copies, differences travel",
  paper: "arXiv:1902.00340",
  assumes: "contractive compressor, W symmetric and doubly stochastic; γ = ρ²δ/(16ρ + ρ² + 4b² + 2ρb² − 8ρδ)",
  defaults: { up: "top-k:0.05", down: "identity", momentum: "worker" },
  compresses: "up",
  ownStep: true,
  ownAggregate: true,
  decentralised: true,
  options: {
    topology: overTopology,
    gamma: gossipStepSize(0.1),
    init: choice("the first message: compressed, or plain f32", ["zero", "full"]),
  },
  warnings: (use, { topology, gamma }) => {
    const delta = contraction(use.up, use.length);
    if (delta === undefined) return notContractive("choco", use);
    if (gamma === "theory" || use.workers > SPECTRUM_MAX) return [];
    const theory = chocoStepSize(topology.of(use.workers), delta);
    if (gamma <= theory) return [];
    return [`choco: γ ${gamma} is above the theory's careful ${theory.toExponential(1)}: lower it if losses grow`];
  },
  build: ({ up }, { topology, gamma, init }) =>
    exchangeModels(
      gossip({
        topology,
        channel: difference(up, { init }),
        stepSize(graph, length) {
          if (gamma !== "theory") return gamma;
          const delta = contraction(up, length);
          if (delta !== undefined) return chocoStepSize(graph, delta);
          throw new ConfigError("choco: gamma", { expected: `a number: ${up.name} is not contractive`, got: gamma });
        },
      }),
      { ...adaptThenCombine, needs: "symmetric" },
    ),
});

/** γ = ρ²δ/(16ρ + ρ² + 4b² + 2ρb² − 8ρδ), ρ the spectral gap and b = ‖I − W‖₂. @param delta of the compressor */
export function chocoStepSize(topology: Topology, delta: number): number {
  const rho = spectralGap(topology);
  const b = laplacianNorm(topology);
  return (rho * rho * delta) / (16 * rho + rho * rho + (4 + 2 * rho) * b * b - 8 * rho * delta);
}
