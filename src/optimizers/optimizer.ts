/**
 * Optimizer: how an averaged direction moves the parameters.
 */
import type { Layout } from "../base/layout.ts";
import type { NamedVectors } from "../base/state.ts";

/** Vectors of either precision: training runs in f32, the published trajectories are held to in f64. */
export type Real = Float32Array | Float64Array;

/** Makes a vector of zeros of the precision that a stepper works in. */
export type MakeVector = (length: number) => Real;

export interface Optimizer {
  /** Canonical spec: `adam:b2=0.99,decay=0.01`. */
  readonly name: string;
  /** Vectors of d entries that it keeps. */
  readonly memory: number;
  /** Its steps need the `loss` closure: it serves where one process can evaluate the whole batch, not in a swarm. */
  readonly needsLoss?: boolean;
  /** @param make default: f32 in the kernels' memory */
  open(layout: Layout, make?: MakeVector): Stepper;
  /** One line for each condition of its paper that these options break, with the condition and the value. */
  warnings?(use: OptimizerUse): readonly string[];
}

/** What an optimizer's conditions are checked against; constants are absent where they are not known. */
export interface OptimizerUse {
  /** η, before any schedule. */
  readonly learningRate: number;
  readonly rounds: number;
  /** Smoothness of the loss. */
  readonly L?: number;
  /** Strong convexity, or the PL constant. */
  readonly mu?: number;
  readonly batch: number;
}

export interface StepReport {
  /** What the step did, in the optimizer's own words: `clipScale`, `trustRatio`, `batch`. */
  readonly [name: string]: number;
}

/** An optimizer opened for one vector of parameters, with its state. */
export interface Stepper {
  /**
   * Moves the parameters in place; scalars in f64, rounded where they are stored. The gradient may be used as scratch.
   * @param learningRate η_t of this step
   * @param loss of the same sample at other parameters, for line searches
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a step that has nothing to tell returns nothing
  step(params: Real, gradient: Real, learningRate: number, loss?: (at: Real) => number): StepReport | void;
  /** The iterate to report, where the parameters are only the point at which gradients are taken (look-ahead methods). */
  iterate?(params: Real): Real;
  /** A copy of the state, counters included: resuming from it gives the same bits. */
  save(): NamedVectors;
  /** @throws {CheckpointError} if names or lengths differ from what `save` gives */
  restore(saved: NamedVectors): void;
}
