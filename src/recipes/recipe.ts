/**
 * Recipe: a published method as plain data that fills the slots of patterns and channels.
 */
import type { Aggregator } from "../aggregators/aggregator.ts";
import type { AggregatorUse } from "../aggregators/rule.ts";
import { type Option, readOptions } from "../base/options.ts";
import { checkArguments, parseSpec } from "../base/spec.ts";
import type { Compressor } from "../compressors/compressor.ts";
import type { Curvature } from "../ports/model.ts";
import type { Method, Momentum, MomentumPlace } from "./method.ts";

/** What the user chooses for every recipe. */
export interface RecipeSlots {
  /** Compresses what workers send. */
  readonly up: Compressor;
  /** Compresses what the server sends. */
  readonly down: Compressor;
  /** What the server makes of the workers' vectors. */
  readonly aggregate: Aggregator;
}

/** What a recipe's conditions are checked against. */
export interface RecipeUse extends RecipeSlots, AggregatorUse {
  readonly momentum: Momentum;
  /** d */
  readonly length: number;
  readonly learningRate: number;
  /** Of the run, at most. */
  readonly rounds?: number;
  /** b, rows of a mini-batch. */
  readonly batch?: number;
  /** L, L̃, μ of the problem, where they are known. */
  readonly curvature?: Curvature;
}

export interface RecipeDefaults {
  /** Compressor specs. */
  readonly up: string;
  readonly down: string;
  /** Where momentum is sound for this method, and how much of it: 0.9 if left out. */
  readonly momentum: MomentumPlace;
  readonly factor?: number;
  /** Optimizer spec; "sgd" if left out. */
  readonly optimizer?: string;
}

/** What can be said of a recipe before its options are chosen. */
export interface RecipeInfo {
  readonly name: string;
  readonly summary: string;
  /** arXiv number or citation. */
  readonly paper?: string;
  /** The conditions under which the paper proves convergence. */
  readonly assumes: string;
  readonly defaults: RecipeDefaults;
  /**
   * Which directions `--compressor` sets. "none": the recipe sends plain f32. "up": the server answers in f32 unless
   * `--down` is given.
   */
  readonly compresses: "none" | "up" | "both";
  /** Nothing is sent a second time: `--down` makes no sense. */
  readonly oneWay?: boolean;
  /** The method is tied to its own step: `--optimizer` makes no sense. */
  readonly ownStep?: boolean;
  /** The method is tied to its own aggregation: `--aggregator` makes no sense. */
  readonly ownAggregate?: boolean;
  /** There is no server, and every peer has a model of its own. */
  readonly decentralised?: boolean;
}

/** The parsed values of a recipe's options. */
export type Values<O> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

export interface RecipeDefinition<O extends Readonly<Record<string, Option<unknown>>>> extends RecipeInfo {
  readonly options: O;
  build(slots: RecipeSlots, options: Values<O>): Method;
  /** One line for each condition that the user's choices break, with the condition and the value. */
  warnings?(use: RecipeUse, options: Values<O>): readonly string[];
  /** γ of the paper's theorem; undefined where a constant that it needs is not known. */
  theoryRate?(use: RecipeUse, options: Values<O>): number | undefined;
}

export interface Recipe extends RecipeInfo {
  readonly options: Readonly<Record<string, Option<unknown>>>;
  /** With the arguments of a spec such as `artemis:participation=0.5`. @throws {ConfigError} */
  with(spec: string, where: string): ChosenRecipe;
}

/** A recipe whose options are chosen. */
export interface ChosenRecipe extends RecipeInfo {
  /** Canonical: options that have their default are left out. */
  readonly spec: string;
  build(slots: RecipeSlots): Method;
  warnings(use: RecipeUse): readonly string[];
  theoryRate(use: RecipeUse): number | undefined;
}

export function defineRecipe<O extends Readonly<Record<string, Option<unknown>>>>(
  definition: RecipeDefinition<O>,
): Recipe {
  const table = new Map(Object.entries<Option<unknown>>(definition.options));
  return {
    ...definition,
    with(text, where) {
      const spec = parseSpec(text, where);
      checkArguments(spec, where, 0, [...table.keys()]);
      const { values, words } = readOptions(table, spec.options, `${where} ${spec.name}`);
      const options = Object.fromEntries(values) as Values<O>; // each was parsed by its own option
      return {
        ...definition,
        spec: words.length === 0 ? definition.name : `${definition.name}:${words.join(",")}`,
        build: (slots) => definition.build(slots, options),
        warnings: (use) => definition.warnings?.(use, options) ?? [],
        theoryRate: (use) => definition.theoryRate?.(use, options),
      };
    },
  };
}
