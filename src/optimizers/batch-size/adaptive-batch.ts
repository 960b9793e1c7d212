/**
 * AdaBatchGrad's rule for the batch size: it grows to what a test asks for, and never shrinks. With patience P it looks at P
 * proposals in a row and takes the smallest. The step that goes with it is `delayed-adagrad` at η = β = 1.
 * @see Ostroukhov et al. 2024, "AdaBatchGrad: Combining Adaptive Batch Size and Adaptive Step Size", arXiv:2402.05264
 */
import { CheckpointError, ConfigError } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import { type NamedVectors, restoreInto, scalarsToVector, vectorToScalars } from "../../base/state.ts";
import type { Deviations } from "./deviations.ts";
import { augmentedTest, type BatchTest } from "./tests.ts";

export interface AdaptiveBatchOptions {
  /** Default: the augmented test with θ = 0.9 and ν = 5.84. */
  readonly test?: BatchTest;
  /** b at the start, and the least. */
  readonly least: number;
  readonly most: number;
  /** P ≥ 1 */
  readonly patience?: number;
}

export interface BatchReport {
  /** b from now on. */
  readonly batch: number;
  /** What the test asked for; undefined where it could not be made. */
  readonly proposed?: number;
  readonly passed: boolean;
  /** Why it could not. */
  readonly warning?: string;
}

export class AdaptiveBatch {
  readonly #test: BatchTest;
  readonly #most: number;
  readonly #patience: number;
  #batch: number;
  /** Proposals since the last decision: how many, and the smallest. */
  #proposals = 0;
  #smallest = Number.POSITIVE_INFINITY;

  /** @throws {ConfigError} unless 1 ≤ least ≤ most and P ≥ 1 are whole numbers */
  constructor({ test = augmentedTest(), least, most, patience = 1 }: AdaptiveBatchOptions) {
    if (!([least, most, patience].every((n) => Number.isSafeInteger(n) && n >= 1) && least <= most)) {
      throw new ConfigError("adaptive batch", {
        expected: "whole numbers 1 ≤ least ≤ most and patience at least 1",
        got: `least ${least}, most ${most}, patience ${patience}`,
      });
    }
    this.#test = test;
    this.#most = most;
    this.#patience = patience;
    this.#batch = least;
  }

  /** b */
  get batch(): number {
    return this.#batch;
  }

  /** Looks at the gradients of one step, which were taken with the batch size it says. */
  observe(seen: Deviations): BatchReport {
    if (seen.groups < 2) {
      this.#batch = Math.min(this.#most, Math.max(2, this.#batch));
      return {
        batch: this.#batch,
        passed: false,
        warning: "one gradient has no variance to test: the batch is 2 at least",
      };
    }
    if (seen.squaredNorm === 0) {
      return { batch: this.#batch, passed: true, warning: "the gradient is 0: the batch stays as it is" };
    }
    const proposed = this.#test(seen);
    this.#proposals += 1;
    this.#smallest = Math.min(this.#smallest, proposed);
    if (this.#proposals === this.#patience) {
      this.#batch = Math.min(this.#most, Math.max(this.#batch, this.#smallest));
      this.#proposals = 0;
      this.#smallest = Number.POSITIVE_INFINITY;
    }
    return { batch: this.#batch, proposed, passed: proposed <= seen.batch };
  }

  save(): NamedVectors {
    return new Map([["scalars", scalarsToVector([this.#batch, this.#proposals, this.#smallest])]]);
  }

  /** @throws {CheckpointError} */
  restore(saved: NamedVectors): void {
    const scalars = scalarsToVector([0, 0, 0]);
    restoreInto(new Map([["scalars", scalars]]), saved, "adaptive batch");
    const [batch, proposals, smallest] = vectorToScalars(scalars) as [number, number, number]; // it has three
    if (!(Number.isSafeInteger(batch) && batch >= 1 && batch <= this.#most && proposals >= 0 && smallest >= 0)) {
      throw new CheckpointError("adaptive batch", { expected: `a batch of 1 to ${this.#most}`, got: batch });
    }
    [this.#batch, this.#proposals, this.#smallest] = [batch, proposals, smallest];
  }
}

/** A baseline without a test: with probability `chance` b ← ⌈1.01 b⌉. */
export const randomGrow = (batch: number, round: number, rng: Random, chance = 0.005): number =>
  rng.uniform(round) < chance ? Math.ceil(1.01 * batch) : batch;
