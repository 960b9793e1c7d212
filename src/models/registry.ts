/**
 * The models that come with Thinwire; `thinwire list models` prints this table.
 */
import { type AnalyticEntry, analytic } from "./problems/entry.ts";
import type { ZooEntry } from "./zoo/entry.ts";
import { logistic } from "./zoo/logistic.ts";
import { mlp } from "./zoo/mlp.ts";
import { softmax } from "./zoo/softmax.ts";

/** Either defined as a loss that an engine differentiates, or opened as it is. */
export type ModelEntry = ZooEntry | AnalyticEntry;

export const models: ReadonlyMap<string, ModelEntry> = new Map(
  [mlp, softmax, logistic, analytic].map((entry) => [entry.name, entry]),
);
