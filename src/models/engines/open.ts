/**
 * The choice of an engine by name.
 */
import { ConfigError, ModelError } from "../../base/errors.ts";
import type { Engine } from "../engine.ts";
import { messageOf } from "../objective.ts";
import { type Warn, withFallback } from "./fallback.ts";
import { openJax } from "./jax.ts";
import { openOrt } from "./ort.ts";

export const ENGINES = ["auto", "ort", "jax"] as const;

/** `auto` is ONNX Runtime where it is installed and can run the model, else jax-js. */
export type EngineName = (typeof ENGINES)[number];

/** @throws {ConfigError} for another name; {ModelError} if the engine asked for is not there */
export async function openEngine(name: EngineName, warn: Warn): Promise<Engine> {
  switch (name) {
    case "ort":
      return openOrt();
    case "jax":
      return openJax();
    case "auto":
      try {
        return withFallback(await openOrt(), openJax, warn);
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        const engine = await openJax();
        warn(`Models run on ${engine.name}, which is slower: ${messageOf(error)}`);
        return engine;
      }
    default:
      throw new ConfigError("engine", { expected: ENGINES.join(", "), got: name });
  }
}
