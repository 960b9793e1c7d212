/**
 * What runs a model: an adapter for each runtime. Internal; the rest of Thinwire sees the port `Model`.
 */
import type { Objective } from "./objective.ts";

/** Computes loss and gradient of batches of one size. Calls may overlap. */
export interface GradientStep {
  /** Lengths of the arrays of uniform entries that a call takes. */
  readonly noise: readonly number[];
  /** Writes the gradient of the trained tensors into `out` and returns the mean loss. Vectors may lie in shared or WebAssembly memory. */
  run(
    params: Float32Array,
    inputs: Float32Array,
    targets: Int32Array,
    noise: readonly Float32Array[],
    out: Float32Array,
  ): Promise<number>;
  /** Frees what the step holds; called once, when no call is under way. */
  close(): Promise<void>;
}

/** Computes loss and scores of batches of one size. Calls may overlap. */
export interface EvaluationStep {
  /** How many arrays of moments a call takes: mean and variance of each place that asks for them. */
  readonly moments: number;
  run(
    params: Float32Array,
    inputs: Float32Array,
    targets: Int32Array,
    moments: readonly Float32Array[],
  ): Promise<Evaluation>;
  close(): Promise<void>;
}

/** Computes mean and variance of each place that asks for them, on the rows given. */
export interface MomentsStep {
  run(params: Float32Array, inputs: Float32Array, targets: Int32Array): Promise<readonly Float32Array[]>;
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
  /** @throws {LoweringError} if this engine cannot run the model, {ModelError} if the model is wrong */
  momentsStep(objective: Objective, rows: number): Promise<MomentsStep>;
}
