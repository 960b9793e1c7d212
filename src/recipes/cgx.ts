/**
 * CGX: gradients quantised in buckets between their extremes, with a width for each tensor; small tensors stay f32.
 *
 *     worker i:  c_i = Q(g_i)                      → server
 *     server:    c = Q(mean c_i)                   → all
 *     all:       x ← x − η c
 * @see Markov, Ramezanikebrya & Alistarh 2021, "CGX", arXiv:2111.08617
 */
import { direct } from "../channels/direct.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { notUnbiased } from "./server-recipe.ts";

export const cgx: Recipe = defineRecipe({
  name: "cgx",
  summary: "bucketed quantisation both ways, a bit width for each tensor",
  paper: "arXiv:2111.08617",
  assumes: "stochastic rounding in both directions: unbiased with bounded variance",
  defaults: { up: "cgx:bits=4,bucket=1024", down: "cgx:bits=4,bucket=1024", momentum: "server" },
  compresses: "both",
  options: {},
  warnings: (use) => notUnbiased("cgx", use),
  build: ({ up, down, aggregate }) =>
    exchangeGradients(parameterServer({ up: direct(up), down: direct(down), aggregate })),
});
