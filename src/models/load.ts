/**
 * Loads a model that a user wrote. Node only.
 */
import { ModelError } from "../base/errors.ts";
import type { Model } from "../ports/model.ts";
import type { DataShape, ModelDefinition } from "./define.ts";
import { messageOf } from "./objective.ts";

/** A model that needs no engine: it computes gradients by itself. See `examples/tensorflow`. */
export interface OwnModel {
  readonly name: string;
  open(data: DataShape): Model | Promise<Model>;
}

/** True if a spec names a file rather than a model of the zoo. */
export const isModelFile = (spec: string): boolean => /[/\\]/.test(spec) || /\.([cm]?[jt]s|onnx)$/.test(spec);

/**
 * The export `model` of a module, or the model in an ONNX file.
 * @param path of a .ts, .js or .onnx file, relative to the working directory
 * @throws {ModelError} if the file is missing, does not run, exports no model, or has operators that are not known here
 */
export async function loadModelFile(path: string): Promise<ModelDefinition | OwnModel> {
  const [{ existsSync }, { resolve }, { pathToFileURL }] = await Promise.all([
    import("node:fs"),
    import("node:path"),
    import("node:url"),
  ]);
  const where = `model file ${path}`;
  const full = resolve(path);
  if (!existsSync(full)) throw new ModelError(where, { expected: "a file that exists", got: full });
  if (full.endsWith(".onnx"))
    return (await import("./import/definition.ts")).onnxDefinition(await bytesOf(full, where), where);
  const exported = await importModule(pathToFileURL(full).href, where);
  const { model } = exported;
  if (isDefinition(model) || isOwn(model)) return model;
  const names = Object.keys(exported);
  throw new ModelError(where, {
    expected: "an export named model, made by defineModel or with a function open",
    got: model === undefined ? `exports ${names.length === 0 ? "nothing" : names.join(", ")}` : typeof model,
    hint: "Write: export const model = defineModel({ name, parameters, predict }).",
  });
}

async function bytesOf(path: string, where: string): Promise<Uint8Array> {
  const { readFile } = await import("node:fs/promises");
  return readFile(path).catch((cause: unknown) => {
    throw new ModelError(where, { expected: "a file that can be read", got: messageOf(cause), cause });
  });
}

async function importModule(url: string, where: string): Promise<Record<string, unknown>> {
  try {
    return await import(url);
  } catch (cause) {
    throw new ModelError(where, { expected: "a module that loads", got: messageOf(cause), cause });
  }
}

function isDefinition(value: unknown): value is ModelDefinition {
  if (typeof value !== "object" || value === null) return false;
  const parts: { name?: unknown; parameters?: unknown } = value;
  return (
    typeof parts.name === "string" && (typeof parts.parameters === "object" || typeof parts.parameters === "function")
  );
}

const isOwn = (value: unknown): value is OwnModel =>
  typeof value === "object" &&
  value !== null &&
  "name" in value &&
  typeof value.name === "string" &&
  "open" in value &&
  typeof value.open === "function";
