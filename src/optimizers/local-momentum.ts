/**
 * Momentum at the worker, before compression: what is sent is the velocity v ← μ v + g, and the averaged velocity is
 * the step. Without compression it equals momentum after the average (both are linear); under compression it does not.
 * @see Lin, Han, Mao, Wang & Dally 2017, "Deep Gradient Compression", arXiv:1712.01887 (momentum correction)
 */
import { copyOf, type NamedVectors, restoreInto } from "../base/state.ts";
import { kernels, vector } from "../kernels/index.ts";

export class LocalMomentum {
  readonly #factor: number;
  readonly #velocity: Float32Array;

  /** @param factor μ in [0, 1) @param length d */
  constructor(factor: number, length: number) {
    this.#factor = factor;
    this.#velocity = vector(length);
  }

  /** Absorbs a gradient and returns the velocity: the vector to send, valid until the next call. */
  absorb(gradient: Float32Array): Float32Array {
    kernels.momentum(this.#factor, gradient, this.#velocity);
    return this.#velocity;
  }

  save(): NamedVectors {
    return copyOf(this.#state());
  }

  restore(saved: NamedVectors): void {
    restoreInto(this.#state(), saved, "local momentum");
  }

  #state(): NamedVectors {
    return new Map([["velocity", this.#velocity]]);
  }
}
