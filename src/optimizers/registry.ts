/**
 * The optimizers by name, for lists; recipes choose and build them in code.
 */
import type { Optimizer } from "./optimizer.ts";
import { sgd } from "./sgd.ts";

export interface OptimizerEntry {
  readonly name: string;
  readonly summary: string;
  /** arXiv number or citation. */
  readonly paper?: string;
  /** The step in symbols: x parameters, g the averaged direction, η the learning rate. */
  readonly law: string;
  readonly options: readonly string[];
  /** @param momentum μ in [0, 1) */
  readonly build: (momentum: number) => Optimizer;
}

const entries: readonly OptimizerEntry[] = [
  {
    name: "sgd",
    summary: "stochastic gradient descent with heavy-ball momentum",
    paper: "Polyak 1964",
    law: "v ← μ v + g, x ← x − η v",
    options: ["--momentum μ"],
    build: sgd,
  },
];

export const optimizers: ReadonlyMap<string, OptimizerEntry> = new Map(entries.map((entry) => [entry.name, entry]));
