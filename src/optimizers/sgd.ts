/**
 * Stochastic gradient descent, with heavy-ball momentum where μ > 0:
 *
 *     v ← μ v + g,   x ← x − η v.
 *
 * The classic form: a change of η rescales the whole history at once. All in f32, one rounding an operation.
 * @param momentum μ in [0, 1); 0 keeps no velocity and needs no memory
 * @throws {ConfigError} if μ is outside [0, 1)
 * @see Polyak 1964, "Some methods of speeding up the convergence of iteration methods"
 */
import { ConfigError } from "../base/errors.ts";
import { copyOf, type NamedVectors, restoreInto } from "../base/state.ts";
import { kernels, vector } from "../kernels/index.ts";
import type { Optimizer, Stepper } from "./optimizer.ts";

export function sgd(momentum = 0): Optimizer {
  if (!(momentum >= 0 && momentum < 1)) {
    throw new ConfigError("sgd.momentum", { expected: "a factor from 0 to below 1", got: momentum });
  }
  return {
    name: momentum === 0 ? "sgd" : `sgd:momentum=${momentum}`,
    open: (length) => (momentum === 0 ? plain : new HeavyBall(momentum, length)),
  };
}

const plain: Stepper = {
  step: (params, gradient, learningRate) => kernels.axpy(-learningRate, gradient, params),
  save: () => new Map(),
  restore: (saved) => restoreInto(new Map(), saved, "sgd"),
};

class HeavyBall implements Stepper {
  readonly #momentum: number;
  readonly #velocity: Float32Array;

  constructor(momentum: number, length: number) {
    this.#momentum = momentum;
    this.#velocity = vector(length);
  }

  step(params: Float32Array, gradient: Float32Array, learningRate: number): void {
    kernels.momentumStep(this.#momentum, learningRate, gradient, this.#velocity, params);
  }

  save(): NamedVectors {
    return copyOf(this.#state());
  }

  restore(saved: NamedVectors): void {
    restoreInto(this.#state(), saved, "sgd");
  }

  #state(): NamedVectors {
    return new Map([["velocity", this.#velocity]]);
  }
}
