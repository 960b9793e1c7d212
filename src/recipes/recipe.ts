/**
 * Recipe: a published method as plain data that fills the slots of patterns and channels.
 */
import type { Compressor } from "../compressors/compressor.ts";
import type { Method, Momentum, MomentumPlace } from "./method.ts";

export interface RecipeOptions {
  /** Compresses what workers send. */
  readonly up: Compressor;
  /** Compresses what the server sends. */
  readonly down: Compressor;
}

/** What a recipe's conditions are checked against. */
export interface RecipeUse extends RecipeOptions {
  readonly momentum: Momentum;
  /** d */
  readonly length: number;
  readonly workers: number;
  readonly learningRate: number;
}

export interface Recipe {
  readonly name: string;
  readonly summary: string;
  /** arXiv number or citation. */
  readonly paper?: string;
  /** The conditions under which the paper proves convergence. */
  readonly assumes: string;
  readonly defaults: {
    /** Compressor specs. */
    readonly up: string;
    readonly down: string;
    /** Where momentum is sound for this method. */
    readonly momentum: MomentumPlace;
  };
  /** Compressors other than the defaults make sense. */
  readonly compresses: boolean;
  /** One line for each condition that the user's options break, with the condition and the value. */
  warnings(use: RecipeUse): readonly string[];
  build(options: RecipeOptions): Method;
}

export const defineRecipe = (recipe: Recipe): Recipe => recipe;
