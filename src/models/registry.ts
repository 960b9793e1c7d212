/**
 * The models that come with Thinwire; `thinwire list models` prints this table.
 */
import { ConfigError } from "../base/errors.ts";
import { lookUp, parseSpec } from "../base/spec.ts";
import { type DataShape, dataShapeOf, type ModelDefinition } from "./define.ts";
import { objectiveOf } from "./objective.ts";
import { type AnalyticEntry, analytic } from "./problems/entry.ts";
import { cnn } from "./zoo/cnn.ts";
import { cocofl } from "./zoo/cocofl.ts";
import type { ZooEntry } from "./zoo/entry.ts";
import { gpt } from "./zoo/gpt.ts";
import { logistic } from "./zoo/logistic.ts";
import { lstm } from "./zoo/lstm.ts";
import { mlp } from "./zoo/mlp.ts";
import { resnet } from "./zoo/resnet.ts";
import { softmax } from "./zoo/softmax.ts";
import { freeze, lowPrecision } from "./zoo/wrappers.ts";

/** Either defined as a loss that an engine differentiates, or opened as it is. */
export type ModelEntry = ZooEntry | AnalyticEntry;

export const models: ReadonlyMap<string, ModelEntry> = new Map(
  [
    ...[mlp, softmax, logistic, cnn, resnet, gpt, lstm],
    ...[lowPrecision(definitionOf), freeze(definitionOf), cocofl(definitionOf)],
    analytic,
  ].map((entry) => [entry.name, entry]),
);

/** The definition behind a spec, for models made of others. @throws {ConfigError} */
function definitionOf(text: string, data: DataShape): ModelDefinition {
  const spec = parseSpec(text, "model");
  const entry = lookUp(models, spec.name, "model", "a model");
  if (!("open" in entry)) return entry.define(spec, data);
  throw new ConfigError("model", { expected: "a model that an engine differentiates", got: text });
}

/** How large a model is, without arguments, on the data it is usual for. */
export function sizeOf(entry: ModelEntry): string | undefined {
  if ("open" in entry) return undefined;
  const { inputShape, classes } = entry.typical;
  const data = dataShapeOf(entry.typical);
  const { layout } = objectiveOf(entry.define(parseSpec(entry.name, "model"), data), data);
  return `${layout.length.toLocaleString("en")} parameters on inputs of ${inputShape.join(" x ")} in ${classes} classes`;
}
