/**
 * Variants: what `compare` sets side by side, written RECIPE, RECIPE/COMPRESSOR or RECIPE/COMPRESSOR/DOWN.
 */
import { ConfigError } from "../../base/errors.ts";
import { lookUp } from "../../base/spec.ts";
import { parseCompressor } from "../../compressors/registry.ts";
import { recipes } from "../../recipes/registry.ts";
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
    const compressing = [...recipes.values()].find(({ compresses }) => compresses)?.name;
    throw new ConfigError(`variant ${text}`, {
      expected: "a recipe before the compressor",
      got: text,
      hint: `Did you mean ${compressing}/${text}?`,
    });
  }
  lookUp(recipes, recipe, `variant ${text}`, "one of the recipes");
  return {
    recipe,
    ...(compressor === undefined ? {} : { compressor }),
    ...(down === undefined ? {} : { down }),
  };
}

/** The canonical name of a job among others: `sgd`, `double-squeeze/top-k:0.01`. */
export function variantName({ recipe, up, down }: Pick<Job, "recipe" | "up" | "down">): string {
  const { compresses } = lookUp(recipes, recipe, "recipe", "one of the recipes");
  if (!compresses) return recipe;
  return up === down ? `${recipe}/${up}` : `${recipe}/${up}/${down}`;
}

function isCompressor(text: string): boolean {
  try {
    parseCompressor(text, "variant");
    return true;
  } catch {
    return false;
  }
}
