/**
 * Data-parallel SGD: plain f32 gradients up, their plain f32 mean down. The yardstick of every other recipe.
 */
import { direct } from "../channels/direct.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { aboveTheory } from "./server-recipe.ts";

export const sgd: Recipe = defineRecipe({
  name: "sgd",
  summary: "uncompressed data-parallel SGD on a parameter server",
  assumes: "a step size below 2/L for an L-smooth loss",
  defaults: { up: "identity", down: "identity", momentum: "server" },
  compresses: "none",
  options: {},
  warnings: ({ learningRate, curvature }) => aboveTheory("sgd", learningRate, curvature && 2 / curvature.L),
  theoryRate: ({ curvature }) => curvature && 1 / curvature.L,
  build: ({ up, down, aggregate }) =>
    exchangeGradients(parameterServer({ up: direct(up), down: direct(down), aggregate })),
});
