/**
 * An optimizer as data: its options, its step, and what a reader should know of it. The stages before the step that all
 * optimizers share, clipping and weight decay, are options of every one (`pipeline.ts`).
 */
import type { Layout } from "../base/layout.ts";
import { type Option, type Options, readOptions } from "../base/options.ts";
import { checkArguments, type Spec } from "../base/spec.ts";
import { vector } from "../kernels/index.ts";
import type { MakeVector, Optimizer, OptimizerUse, Stepper } from "./optimizer.ts";
import { checkPipeline, type PipelineOptions, pipeline, pipelineOptions, pipelineWarnings } from "./pipeline.ts";

/** What the table of optimizers knows of one. */
export interface OptimizerEntry {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** arXiv number or citation. */
  readonly paper?: string;
  /** The step in symbols: x parameters, g the averaged direction, η the learning rate. */
  readonly law: string;
  /** Vectors of d entries that it keeps, with its default options. */
  readonly memory: number;
  readonly options: readonly { readonly name: string; readonly meaning: string }[];
  /** Canonical specs that cover the variants, the usual one first. */
  readonly examples: readonly string[];
  /** @throws {ConfigError} naming `where` */
  parse(spec: Spec, where: string): Optimizer;
}

/** An entry that can also be built in code. */
export interface BuildableEntry<O> extends OptimizerEntry {
  /** @throws {ConfigError} */
  build(options?: Partial<O & PipelineOptions>): Optimizer;
}

export interface OptimizerDefinition<O>
  extends Pick<OptimizerEntry, "name" | "summary" | "paper" | "law" | "examples"> {
  readonly options: Options<O>;
  /** Defaults of the shared stages that this method changes. */
  readonly stages?: Partial<PipelineOptions>;
  /** The method decays within its own step, and the shared stage does not. */
  readonly decaysItself?: boolean;
  readonly memory: number | ((options: O) => number);
  readonly needsLoss?: boolean;
  /** @throws {ConfigError} if the options do not go together */
  check?(options: O & PipelineOptions, where: string): void;
  open(options: O & PipelineOptions, layout: Layout, make: MakeVector): Stepper;
  warnings?(options: O, use: OptimizerUse): readonly string[];
}

export function defineOptimizer<O>(definition: OptimizerDefinition<O>): BuildableEntry<O> {
  type All = O & PipelineOptions;
  const { name, memory } = definition;
  const own = Object.entries<Option<unknown>>({ ...definition.options, ...pipelineOptions(definition.stages) });
  const table = new Map(own.map(([key, option]) => [kebab(key), option]));
  const fromTexts = (texts: ReadonlyMap<string, string>, where: string): Optimizer => {
    const { values, words } = readOptions(table, texts, where);
    const options = Object.fromEntries(own.map(([key]) => [key, values.get(kebab(key))])) as All; // each parsed by its own
    checkPipeline(options, where);
    definition.check?.(options, where);
    return {
      name: words.length === 0 ? name : `${name}:${words.join(",")}`,
      memory: typeof memory === "number" ? memory : memory(options),
      needsLoss: definition.needsLoss ?? false,
      open: (layout, make = vector) =>
        pipeline(definition.open(options, layout, make), options, layout, definition.decaysItself !== true),
      warnings: (use) => [...(definition.warnings?.(options, use) ?? []), ...pipelineWarnings(options, use)],
    };
  };
  return {
    ...definition,
    memory: fromTexts(new Map(), name).memory,
    options: [...table].map(([option, { meaning, default: usual }]) => ({
      name: option,
      meaning: usual === undefined ? meaning : `${meaning} (default ${usual})`,
    })),
    parse(spec, where) {
      checkArguments(spec, where, 0, [...table.keys()]);
      return fromTexts(spec.options, where);
    },
    // Values in code go through the same door as those of a spec: one check, one name.
    build(options = {}) {
      const given = Object.entries(options).filter(([, value]) => value !== undefined);
      return fromTexts(new Map(given.map(([key, value]) => [kebab(key), String(value)])), name);
    },
  };
}

/** `epsMode` → `eps-mode` */
const kebab = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
