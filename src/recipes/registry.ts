/**
 * The recipes by name.
 */
import { doubleSqueeze } from "./double-squeeze.ts";
import type { Recipe } from "./recipe.ts";
import { sgd } from "./sgd.ts";

export const recipes: ReadonlyMap<string, Recipe> = new Map(
  [sgd, doubleSqueeze].map((recipe) => [recipe.name, recipe]),
);
