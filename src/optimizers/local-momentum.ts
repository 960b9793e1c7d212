/**
 * Momentum at the worker, before compression: what is sent is the velocity v ← μ v + g, and the averaged velocity is
 * the step. Without compression it equals momentum after the average (both are linear); under compression it does not.
 * It is settled with its round, so that a round that is undone and run again absorbs its gradient once.
 * @see Lin, Han, Mao, Wang & Dally 2017, "Deep Gradient Compression", arXiv:1712.01887 (momentum correction)
 */
import { copyOf, type NamedVectors, restoreInto } from "../base/state.ts";
import { kernels, vector } from "../kernels/index.ts";

export class LocalMomentum {
  readonly #factor: number;
  #settled: Float32Array;
  #tentative: Float32Array;

  /** @param factor μ in [0, 1) @param length d */
  constructor(factor: number, length: number) {
    this.#factor = factor;
    this.#settled = vector(length);
    this.#tentative = vector(length);
  }

  /** The velocity with this gradient: the vector to send, valid until the next call. It stands once committed. */
  absorb(gradient: Float32Array): Float32Array {
    this.#tentative.set(this.#settled);
    kernels.momentum(this.#factor, gradient, this.#tentative);
    return this.#tentative;
  }

  /** The round of the last `absorb` was decided. Without this call it is as if it had not been. */
  commit(): void {
    [this.#settled, this.#tentative] = [this.#tentative, this.#settled];
  }

  save(): NamedVectors {
    return copyOf(this.#state());
  }

  restore(saved: NamedVectors): void {
    restoreInto(this.#state(), saved, "local momentum");
  }

  #state(): NamedVectors {
    return new Map([["velocity", this.#settled]]);
  }
}
