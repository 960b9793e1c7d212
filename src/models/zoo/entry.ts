import type { Spec } from "../../base/spec.ts";
import type { DataInfo, DataShape, ModelDefinition } from "../define.ts";

/** A model that comes with Thinwire, by its spec. */
export interface ZooEntry {
  readonly name: string;
  /** One line for `thinwire list models`. */
  readonly summary: string;
  /** The arguments of its spec, one line each. */
  readonly options: readonly string[];
  readonly paper?: string;
  /** Data that it is usual for, and that the number of its parameters is stated for. */
  readonly typical: DataInfo;
  /** @throws {ConfigError} if the spec has arguments that make no sense, or the data does not fit */
  define(spec: Spec, data: DataShape): ModelDefinition;
}
