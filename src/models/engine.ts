/**
 * What runs a model: an adapter for each runtime. Internal; the rest of Thinwire sees the port `Model`.
 */
import type { Objective } from "./objective.ts";

/** Computes loss and gradient of batches of one size. Calls may overlap. */
export interface GradientStep {
  /** Writes the gradient into `out` and returns the mean loss. Vectors may lie in shared or WebAssembly memory. */
  run(params: Float32Array, inputs: Float32Array, targets: Int32Array, out: Float32Array): Promise<number>;
  /** Frees what the step holds; called once, when no call is under way. */
  close(): Promise<void>;
}

/** Computes loss and scores of batches of one size. Calls may overlap. */
export interface EvaluationStep {
  run(params: Float32Array, inputs: Float32Array, targets: Int32Array): Promise<Evaluation>;
  close(): Promise<void>;
}

export interface Evaluation {
  /** Mean loss over the batch. */
  readonly loss: number;
  /** Scores row by row, where the model predicts. */
  readonly scores?: Float32Array;
}

export interface Engine {
  /** For the header of a run. */
  readonly name: string;
  /** @throws {LoweringError} if this engine cannot run the model, {ModelError} if the model is wrong */
  gradientStep(objective: Objective, rows: number): Promise<GradientStep>;
  /** @throws {LoweringError} if this engine cannot run the model, {ModelError} if the model is wrong */
  evaluationStep(objective: Objective, rows: number): Promise<EvaluationStep>;
}
