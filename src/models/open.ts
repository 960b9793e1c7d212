/**
 * The one door to models: a spec, or a definition, as an adapter of the port `Model`.
 */
import { ConfigError, ModelError, ThinwireError } from "../base/errors.ts";
import { lookUp, parseSpec, type Spec } from "../base/spec.ts";
import type { Model } from "../ports/model.ts";
import { CompiledModel } from "./compiled-model.ts";
import { type DataInfo, type DataShape, dataShapeOf, type ModelDefinition, type Parameters } from "./define.ts";
import { type EngineName, openEngine } from "./engines/open.ts";
import { isModelFile, loadModelFile, type OwnModel } from "./load.ts";
import { messageOf, type Objective, objectiveOf } from "./objective.ts";
import { models } from "./registry.ts";
import type { ZooEntry } from "./zoo/entry.ts";

export interface ModelOptions {
  /** Rows of the usual batch; others work too, and are compiled when they first come. */
  readonly batch: number;
  /** Default "auto": ONNX Runtime where it is installed and can run the model, else jax-js. */
  readonly engine?: EngineName;
  /** Told, in one line, why a slower engine is used. */
  readonly onWarning?: (line: string) => void;
}

/**
 * @param spec such as `mlp:512,128` or `logistic:l2=1e-4`, or the path of a file that exports `model`
 * @throws {ConfigError} for a bad spec; {ModelError} if the model is faulty or the engine is missing
 */
export async function openModel(spec: string, data: DataInfo, options: ModelOptions): Promise<Model> {
  const shape = dataShapeOf(data);
  if (isModelFile(spec)) {
    const loaded = await loadModelFile(spec);
    return "open" in loaded ? openOwn(loaded, shape) : openObjective(objectiveOf(loaded, shape), options);
  }
  const parsed = parseSpec(spec, "model");
  const entry = lookUp(models, parsed.name, "model", "a model");
  return "open" in entry ? entry.open(parsed, shape) : openObjective(objectiveFor(entry, parsed, shape), options);
}

/** A model that computes gradients by itself. @throws {ModelError} if its own code throws */
async function openOwn(own: OwnModel, data: DataShape): Promise<Model> {
  try {
    return await own.open(data);
  } catch (cause) {
    if (cause instanceof ThinwireError) throw cause;
    throw new ModelError(`model ${own.name}`, { expected: "a model that opens", got: messageOf(cause), cause });
  }
}

/** What an engine would compile. @throws {ConfigError} for a bad spec, or a model whose gradient is its own */
export async function objectiveFrom(spec: string, data: DataShape): Promise<Objective> {
  if (isModelFile(spec)) {
    const loaded = await loadModelFile(spec);
    if (!("open" in loaded)) return objectiveOf(loaded, data);
  } else {
    const parsed = parseSpec(spec, "model");
    const entry = lookUp(models, parsed.name, "model", "a model");
    if (!("open" in entry)) return objectiveFor(entry, parsed, data);
  }
  throw new ConfigError("model", { expected: "a model that an engine runs", got: spec });
}

/** As `openModel`, of a model at hand. */
export async function openDefinition<P extends Parameters>(
  definition: ModelDefinition<P>,
  data: DataInfo,
  options: ModelOptions,
): Promise<Model> {
  return openObjective(objectiveOf(definition, dataShapeOf(data)), options);
}

async function openObjective(objective: Objective, options: ModelOptions): Promise<Model> {
  const engine = await openEngine(options.engine ?? "auto", options.onWarning ?? (() => {}));
  const model = new CompiledModel(objective, engine);
  await model.prepare(options.batch);
  return model;
}

/** Zoo models opened before in this thread: peers that share a thread trace and lower theirs once. */
const known = new Map<string, Objective>();

function objectiveFor(entry: ZooEntry, spec: Spec, data: DataShape): Objective {
  const key = `${spec.text} [${data.inputShape}] ${data.classes}`;
  const objective = known.get(key) ?? objectiveOf(entry.define(spec, data), data);
  known.set(key, objective);
  return objective;
}
