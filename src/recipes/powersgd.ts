/**
 * PowerSGD: gradients averaged as products of thin factors, with error feedback.
 *
 *     worker i:  M_i = G_i + e_i
 *     all:       P = orthonormal(mean M_i Q);  Q ← mean M_iᵀ P         (`patterns/powersgd.ts`)
 *     all:       x ← x − η P Qᵀ;               e_i = M_i − P (M_iᵀ P)ᵀ
 *
 * A matrix n × m takes r(n + m) numbers each way in place of n m. Momentum belongs after the average here, where it sees
 * what was decoded; the paper's is Nesterov's: `--optimizer nesterov`.
 * @see Vogels, Karimireddy & Jaggi 2019, "PowerSGD", arXiv:1905.13727
 */
import { mean } from "../aggregators/mean.ts";
import { direct } from "../channels/direct.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { powerSgd as factored } from "../patterns/powersgd.ts";
import { ringAllReduce } from "../patterns/ring-all-reduce.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { choice, number } from "./options.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";

export const powerSgd: Recipe = defineRecipe({
  name: "powersgd",
  summary: "each matrix as two thin factors, found by one step of subspace iteration a round",
  paper: "arXiv:1905.13727",
  assumes: "gradients near low rank: one step contracts only as far as the Q of the round before still fits",
  defaults: { up: "identity", down: "identity", momentum: "server" },
  compresses: "none",
  ownAggregate: true,
  options: {
    rank: number("r, columns of the factors", 2, { integer: true, min: 1, max: 1024 }),
    pattern: choice("how factors are averaged", ["server", "ring"]),
    feedback: choice("whether what a round leaves out is added to the next one", ["on", "off"]),
  },
  warnings: (_, { feedback }) =>
    feedback === "on"
      ? []
      : ["powersgd: without error feedback, what lies outside of the factors is lost in every round"],
  build: ({ up, down }, { rank, pattern, feedback }) =>
    exchangeGradients(
      factored(
        pattern === "ring" ? ringAllReduce : parameterServer({ up: direct(up), down: direct(down), aggregate: mean }),
        { rank, feedback: feedback === "on" },
      ),
    ),
});
