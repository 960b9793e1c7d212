/**
 * Optimizer: how an averaged direction moves the parameters.
 */
import type { NamedVectors } from "../base/state.ts";

export interface Optimizer {
  readonly name: string;
  open(length: number): Stepper;
}

/** An optimizer opened for one vector of parameters, with its state. */
export interface Stepper {
  /** Moves the parameters in place, element-wise in f32. */
  step(params: Float32Array, gradient: Float32Array, learningRate: number): void;
  /** A copy of the state. */
  save(): NamedVectors;
  /** @throws {CheckpointError} if names or lengths differ from what `save` gives */
  restore(saved: NamedVectors): void;
}
