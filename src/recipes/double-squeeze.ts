/**
 * DoubleSqueeze: workers and server both compress with error feedback; everyone applies the same decoded mean.
 *
 *     worker i:  v = g_i + e_i;          c_i = C(v);  e_i = v − c_i      → server
 *     server:    V = mean c_i + E;       c = C(V);    E = V − c          → all
 *     all:       x ← x − η c
 *
 * Momentum belongs before the compression here (`0.9@worker`): after the average, the delayed part of an error is
 * amplified by 1/(1 − μ) and aggressive compressors such as sign diverge.
 * @see Tang, Yu, Lian, Zhang & Liu 2019, "DoubleSqueeze", arXiv:1905.05957
 */
import { mean } from "../aggregators/mean.ts";
import { errorFeedback } from "../channels/error-feedback.ts";
import type { Compressor } from "../compressors/compressor.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { defineRecipe, type Recipe, type RecipeUse } from "./recipe.ts";

export const doubleSqueeze: Recipe = defineRecipe({
  name: "double-squeeze",
  summary: "error feedback at the workers and at the server",
  paper: "arXiv:1905.05957",
  assumes: "compression errors bounded in expectation: contractive compressors in both directions",
  defaults: { up: "top-k:0.01", down: "top-k:0.01", momentum: "worker" },
  compresses: true,
  warnings,
  build: ({ up, down }) =>
    exchangeGradients(parameterServer({ up: errorFeedback(up), down: errorFeedback(down), aggregate: mean })),
});

function warnings({ up, down, momentum, length }: RecipeUse): string[] {
  const lines = [up, down].flatMap((compressor) => {
    const fault = notContractive(compressor, length);
    return fault === undefined ? [] : [`double-squeeze: error feedback needs a contractive compressor; ${fault}`];
  });
  if (momentum.at === "server" && momentum.factor > 0) {
    lines.push(
      `double-squeeze: momentum ${momentum.factor} after the average amplifies delayed errors ` +
        `${(1 / (1 - momentum.factor)).toFixed(0)} times; --momentum ${momentum.factor}@worker is sound`,
    );
  }
  return [...new Set(lines)];
}

/** An unbiased compressor of variance ω is contractive as it stands, with δ = 1 − ω, only where ω < 1. */
function notContractive({ law, name }: Compressor, length: number): string | undefined {
  if (law.kind === "none") return `${name} is not, the error can grow`;
  if (law.kind !== "unbiased" || law.omega(length) < 1) return undefined;
  return `${name} has ω = ${law.omega(length).toPrecision(3)}, not below 1, the error can grow`;
}
