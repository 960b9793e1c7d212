/**
 * What the table of aggregators knows of one: how it is named in a spec, and what a reader should know of it.
 */
import type { Spec } from "../base/spec.ts";
import type { CompressorOption } from "../compressors/entry.ts";
import type { Aggregator } from "./aggregator.ts";

export interface AggregatorEntry {
  readonly name: string;
  readonly summary: string;
  /** arXiv number or citation. */
  readonly paper?: string;
  /** The result in symbols, of the decoded vectors x_1 … x_n. */
  readonly law: string;
  readonly options: readonly CompressorOption[];
  /** Canonical specs that cover the variants, the usual one first. */
  readonly examples: readonly string[];
  /** @param part parses a spec within this one @throws {ConfigError} naming `where` */
  parse(spec: Spec, where: string, part: (spec: string) => Aggregator): Aggregator;
}
