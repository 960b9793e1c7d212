/**
 * What a worker has to say in a round: its gradient, the mean of several, or its velocity.
 *
 *     g = (1/R) Σ_r ∇f(x; batch r);   v = g, or v ← μ v + g;   u = v, or η v where the rate goes in before compression
 */
import { assert } from "../base/errors.ts";
import { type NamedVectors, prefixed, under } from "../base/state.ts";
import { kernels, vector } from "../kernels/index.ts";
import { LocalMomentum } from "../optimizers/local-momentum.ts";
import type { Round } from "../rounds/round.ts";
import type { LocalWork } from "./exchange-directions.ts";
import type { Trainee } from "./method.ts";

export interface DirectionOptions {
  /** R: mini-batches whose gradients are averaged in a round. */
  readonly samples: number;
  /** Scale by the learning rate before compression. */
  readonly scaled: boolean;
}

export class LocalDirection implements LocalWork {
  readonly #trainee: Trainee;
  readonly #options: DirectionOptions;
  readonly #sum: Float32Array;
  readonly #gradient: Float32Array;
  readonly #scaled: Float32Array;
  readonly #velocity: LocalMomentum | undefined;

  constructor(trainee: Trainee, options: DirectionOptions) {
    const { length } = trainee.model.layout;
    const { factor, at } = trainee.settings.momentum;
    this.#trainee = trainee;
    this.#options = options;
    this.#gradient = vector(length);
    this.#sum = options.samples === 1 ? this.#gradient : vector(length);
    this.#scaled = vector(options.scaled ? length : 0);
    this.#velocity = at === "worker" && factor > 0 ? new LocalMomentum(factor, length) : undefined;
  }

  /** The vector to send, valid until the next call, and the loss of the mini-batches. */
  async at(round: Round, learningRate: number): Promise<{ loss: number; direction: Float32Array }> {
    const { peer, settings } = this.#trainee;
    const loss = await this.#mean(round.number);
    const velocity = this.#velocity;
    const { scaled } = this.#options;
    if (velocity === undefined && !scaled) return { loss, direction: this.#sum };
    const direction = await peer.work("optimizer", settings.codecCost, () => {
      const v = velocity === undefined ? this.#sum : velocity.absorb(this.#sum);
      if (!scaled) return v;
      this.#scaled.fill(0);
      kernels.axpy(learningRate, v, this.#scaled);
      return this.#scaled;
    });
    return { loss, direction };
  }

  async #mean(round: number): Promise<number> {
    const { peer, model, batches, params, settings } = this.#trainee;
    const { samples } = this.#options;
    assert(batches !== null, "a member without data has no direction");
    if (samples > 1) this.#sum.fill(0);
    let loss = 0;
    for (let r = 0; r < samples; r++) {
      loss += await peer.work("gradient", settings.stepCost, () =>
        model.gradient(params, batches.at(round * samples + r), this.#gradient),
      );
      if (samples > 1) kernels.axpy(1 / samples, this.#gradient, this.#sum);
    }
    return loss / samples;
  }

  /** The round was decided. */
  commit(): void {
    this.#velocity?.commit();
  }

  save(): NamedVectors {
    return prefixed("momentum", this.#velocity?.save() ?? new Map());
  }

  restore(saved: NamedVectors): void {
    this.#velocity?.restore(under("momentum", saved));
  }
}
