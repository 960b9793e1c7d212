/**
 * DiLoCo: many local AdamW steps, then one Nesterov step along the mean of the way that the workers came.
 *
 *     worker i:  y_i = x, H times AdamW;  Δ_i = x − y_i           → server      AdamW keeps its state, each its own
 *     all:       Δ = mean Δ_i;  u ← μ u + Δ;  x ← x − γ (Δ + μ u)
 *
 * γ = 0.7 and μ = 0.9, so the first outer step is γ(1 + μ)Δ. With `outer=sgd,outer-rate=1` it is the mean of the models. Half
 * precision is enough for Δ. Local steps want a warm-up and then a cosine: `--lr 4e-4 --schedule warmup:5+cosine`.
 * @see Douillard et al. 2023, "DiLoCo: Distributed Low-Communication Training of Language Models", arXiv:2311.08105
 * @see Jaghouar, Ong & Hagemann 2024, "OpenDiLoCo", arXiv:2407.07852
 */
import { averageDifferences, localOptions } from "./local-recipe.ts";
import { every } from "./local-steps.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";

export const diLoCo: Recipe = defineRecipe({
  name: "diloco",
  summary: "many local AdamW steps, then a Nesterov step along their mean",
  paper: "arXiv:2311.08105",
  assumes: "none is proved; workers of one distribution or of several, and a model that AdamW trains",
  defaults: {
    up: "float16",
    down: "float16",
    momentum: "worker",
    factor: 0,
    optimizer: "adam:decay=0.1",
  },
  compresses: "both",
  options: localOptions(500, "nesterov", 0.7),
  build: (slots, options) => averageDifferences(slots, { ...options, steps: every(options.steps) }),
});
