/**
 * The aggregators by name, for lists; recipes choose them in code.
 */
import type { Aggregator } from "./aggregator.ts";
import { mean } from "./mean.ts";

export interface AggregatorEntry {
  readonly name: string;
  readonly summary: string;
  /** arXiv number or citation. */
  readonly paper?: string;
  /** The result in symbols, of the decoded vectors x_1 … x_n. */
  readonly law: string;
  readonly aggregator: Aggregator;
}

const entries: readonly AggregatorEntry[] = [
  { name: mean.name, summary: "every message counts alike", law: "(1/n) Σ x_i, added in rank order", aggregator: mean },
];

export const aggregators: ReadonlyMap<string, AggregatorEntry> = new Map(entries.map((entry) => [entry.name, entry]));
