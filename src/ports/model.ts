/**
 * Model: a loss over a flat f32 vector of parameters, and what it is measured by.
 */
import type { Layout } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import type { Batch, Dataset } from "./dataset.ts";

export interface Metrics {
  /** Mean loss over the rows. */
  readonly loss: number;
  /** Share of rows classified right; absent where the model has no classes. */
  readonly accuracy?: number;
}

/** Constants of a problem whose workers hold f_i, with f their mean. */
export interface Curvature {
  /** Smoothness of f. */
  readonly L: number;
  /** L̃ = √(mean L_i²), of the workers' own smoothness. */
  readonly Ltilde: number;
  /** The largest L_i. */
  readonly Lmax: number;
  /** Strong convexity of f, or its PL constant; absent where there is none or it is not known. */
  readonly mu?: number;
}

/** What a tensor of parameters is for: γ and β of a normalisation may be treated apart from the rest. */
export type Role = "weight" | "bias" | "normScale" | "normShift";

export interface Model {
  readonly name: string;
  /** Where each named tensor lies in the flat vector. */
  readonly layout: Layout;
  /** The role of each tensor of the layout; absent where all are weights. */
  readonly roles?: readonly Role[];
  /** What runs it, for the header of a run: "onnxruntime cpu", "jax-js wasm", "analytic". */
  readonly engine: string;
  /** Writes the initial parameters; a pure function of `rng`. */
  init(rng: Random, params: Float32Array): void;
  /** Writes the gradient of the mean loss over the batch into `out` (length d, overwritten) and returns the loss. */
  gradient(params: Float32Array, batch: Batch, out: Float32Array): Promise<number>;
  /**
   * Mean loss and accuracy over all rows.
   * @param reference rows that batch norm takes its moments from, as a rule those trained on; by default `data`
   */
  evaluate(params: Float32Array, data: Dataset, reference?: Dataset): Promise<Metrics>;
  /** Known constants, for theory step sizes; absent for networks. @param parts rows of each worker */
  curvature?(data: Dataset, parts: readonly Uint32Array[]): Curvature;
  /** Frees native memory. Call it before a worker thread ends: ending a thread inside a native call aborts the process. */
  close(): Promise<void>;
}
