/**
 * Loads a model that a user wrote. Node only.
 */
import { ModelError } from "../base/errors.ts";
import type { ModelDefinition } from "./define.ts";
import { messageOf } from "./objective.ts";

/** True if a spec names a file rather than a model of the zoo. */
export const isModelFile = (spec: string): boolean => /[/\\]/.test(spec) || /\.[cm]?[jt]s$/.test(spec);

/**
 * The export `model` of a module.
 * @param path of a .ts or .js file, relative to the working directory
 * @throws {ModelError} if the file is missing, does not run, or exports no model
 */
export async function loadModelFile(path: string): Promise<ModelDefinition> {
  const [{ existsSync }, { resolve }, { pathToFileURL }] = await Promise.all([
    import("node:fs"),
    import("node:path"),
    import("node:url"),
  ]);
  const where = `model file ${path}`;
  const full = resolve(path);
  if (!existsSync(full)) throw new ModelError(where, { expected: "a file that exists", got: full });
  const exported = await importModule(pathToFileURL(full).href, where);
  const { model } = exported;
  if (isDefinition(model)) return model;
  const names = Object.keys(exported);
  throw new ModelError(where, {
    expected: "an export named model, made by defineModel",
    got: model === undefined ? `exports ${names.length === 0 ? "nothing" : names.join(", ")}` : typeof model,
    hint: "Write: export const model = defineModel({ name, parameters, predict }).",
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
