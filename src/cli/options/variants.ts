/**
 * Variants: what `compare` sets side by side, written RECIPE, RECIPE/COMPRESSOR or RECIPE/COMPRESSOR/DOWN.
 */
import { ConfigError } from "../../base/errors.ts";
import { parseCompressor } from "../../compressors/registry.ts";
import { parseRecipe } from "../../recipes/registry.ts";
import type { Job, JobOptions } from "../../runs/job.ts";

export const DEFAULT_VARIANTS: readonly string[] = ["sgd", "double-squeeze/top-k:0.01", "double-squeeze/sign"];

/** @throws {ConfigError} if it has no such form or names no recipe */
export function parseVariant(text: string): JobOptions {
  const [recipe = "", compressor, down, ...rest] = text.split("/").map((part) => part.trim());
  if (rest.length > 0 || recipe === "" || compressor === "" || down === "") {
    throw new ConfigError(`variant ${text}`, {
      expected: "RECIPE, RECIPE/COMPRESSOR or RECIPE/COMPRESSOR/DOWN",
      got: text,
      hint: `Such as ${DEFAULT_VARIANTS.at(1)}.`,
    });
  }
  if (isCompressor(text)) {
    throw new ConfigError(`variant ${text}`, {
      expected: "a recipe before the compressor",
      got: text,
      hint: `Did you mean double-squeeze/${text}?`,
    });
  }
  parseRecipe(recipe, `variant ${text}`);
  return {
    recipe,
    ...(compressor === undefined ? {} : { compressor }),
    ...(down === undefined ? {} : { down }),
  };
}

/** The canonical name of a job among others: `sgd`, `double-squeeze/top-k:0.01`. */
export function variantName({ recipe, up, down }: Pick<Job, "recipe" | "up" | "down">): string {
  const { compresses, defaults } = parseRecipe(recipe, "recipe");
  if (compresses === "none") return recipe;
  const usual = compresses === "both" ? up : defaults.down;
  return down === usual ? `${recipe}/${up}` : `${recipe}/${up}/${down}`;
}

function isCompressor(text: string): boolean {
  try {
    parseCompressor(text, "variant");
    return true;
  } catch {
    return false;
  }
}
