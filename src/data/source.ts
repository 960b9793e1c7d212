/**
 * Data source: what stands behind a name of `--data`.
 */
import type { Spec } from "../base/spec.ts";
import type { TrainTest } from "../ports/dataset.ts";
import type { Memory } from "./memory.ts";

export interface DataOptions {
  /** The job's seed; it decides which rows are held out where a file does not. */
  readonly seed: number;
  /** Places the arrays where worker threads share them. */
  readonly shared?: boolean;
  /** Hears what is worth knowing but stops nothing, such as a last line that was cut off. */
  readonly warn?: (note: string) => void;
}

export interface DataSource {
  readonly name: string;
  readonly summary: string;
  /** How its spec is written, and each option with its default. */
  readonly options: readonly string[];
  open(spec: Spec, options: DataOptions, memory: Memory): Promise<TrainTest>;
}
