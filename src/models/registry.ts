/**
 * The models that come with Thinwire; `thinwire list models` prints this table.
 */
import type { ZooEntry } from "./zoo/entry.ts";
import { logistic } from "./zoo/logistic.ts";
import { mlp } from "./zoo/mlp.ts";
import { softmax } from "./zoo/softmax.ts";

export const models: ReadonlyMap<string, ZooEntry> = new Map(
  [mlp, softmax, logistic].map((entry) => [entry.name, entry]),
);
