/**
 * SparseLoCo: DiLoCo with messages 50 times smaller. Of each chunk of a pseudo-gradient the largest entries travel with two
 * bits for a value, and error feedback that forgets takes the place of the outer momentum.
 *
 *     worker i:  y_i = x, H times AdamW;  p = β e_i + (x − y_i);  c_i = C(p);  e_i = p − c_i       → server
 *     server:    c = C_down(mean c_i + e);  e = mean c_i + e − c                                   → all
 *     all:       x ← x − γ c                                                                       γ = 1
 *
 * In the paper each worker gets all c_i; a server that compresses their mean once more is ours, and so is its error memory,
 * which does not forget.
 * @see Sarfi, Thérien, Lidin & Belilovsky 2025, "Communication Efficient LLM Pre-training with SparseLoCo", arXiv:2508.15706
 */
import { averageDifferences, localOptions } from "./local-recipe.ts";
import { every } from "./local-steps.ts";
import { number } from "./options.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { notContractive } from "./server-recipe.ts";

export const sparseLoCo: Recipe = defineRecipe({
  name: "sparse-loco",
  summary: "many local AdamW steps, then their largest differences, with an error memory that forgets",
  paper: "arXiv:2508.15706",
  assumes: "contractive compressors; β near 1, and no outer momentum",
  defaults: {
    up: "sparse-loco",
    down: "sparse-loco",
    momentum: "worker",
    factor: 0,
    optimizer: "adam:decay=0.1",
  },
  compresses: "both",
  options: {
    ...localOptions(30),
    beta: number("β, what the workers keep of their errors in a round", 0.95, { above: 0, max: 1 }),
  },
  warnings: (use, { outer }) => [
    ...notContractive("sparse-loco", use),
    ...(outer === "sgd" ? [] : [`sparse-loco: ${outer} in the outer step: momentum there fights with error feedback`]),
  ],
  build: (slots, { beta, ...options }) =>
    averageDifferences(slots, { ...options, steps: every(options.steps) }, { decay: beta }),
});
