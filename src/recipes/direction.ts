/**
 * What a worker has to say in a round: its gradient, the mean of several, or its velocity.
 *
 *     g = (1/R) Σ_r ∇f(x; batch r);   v = g, or v ← μ v + g;   u = v, or η v where the rate goes in before compression
 *
 * Local tensors are no part of u: they step along −η v at once, and keep that if the round counts.
 */
import { assert } from "../base/errors.ts";
import { type NamedVectors, prefixed, under } from "../base/state.ts";
import { kernels, vector } from "../kernels/index.ts";
import { LocalMomentum } from "../optimizers/local-momentum.ts";
import type { Round } from "../rounds/round.ts";
import type { LocalWork } from "./exchange-directions.ts";
import type { LocalTensors } from "./local-tensors.ts";
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
  /** The whole model, and then what is left of v; empty where nothing is kept. */
  readonly #whole: Float32Array;
  readonly #shared: Float32Array;
  readonly #velocity: LocalMomentum | undefined;

  constructor(trainee: Trainee, options: DirectionOptions) {
    const { length } = trainee.model.layout;
    const { factor, at } = trainee.settings.momentum;
    const kept = trainee.localTensors;
    assert(kept === undefined || !options.scaled, "what is kept steps here, and by η once");
    this.#trainee = trainee;
    this.#options = options;
    this.#gradient = vector(length);
    this.#sum = options.samples === 1 ? this.#gradient : vector(length);
    this.#scaled = vector(options.scaled ? length : 0);
    this.#whole = vector(kept === undefined ? 0 : length);
    this.#shared = vector(kept === undefined ? 0 : trainee.params.length);
    this.#velocity = at === "worker" && factor > 0 ? new LocalMomentum(factor, length) : undefined;
  }

  /** The vector to send, valid until the next call, and the loss of the mini-batches. */
  async at(round: Round, learningRate: number): Promise<{ loss: number; direction: Float32Array }> {
    const { peer, localTensors, settings } = this.#trainee;
    const loss = await this.#mean(round.number);
    const velocity = this.#velocity;
    const { scaled } = this.#options;
    if (velocity === undefined && !scaled && localTensors === undefined) return { loss, direction: this.#sum };
    const direction = await peer.work("optimizer", settings.codecCost, () => {
      const v = velocity === undefined ? this.#sum : velocity.absorb(this.#sum);
      if (localTensors !== undefined) return this.#parted(localTensors, v, round, learningRate);
      if (!scaled) return v;
      this.#scaled.fill(0);
      kernels.axpy(learningRate, v, this.#scaled);
      return this.#scaled;
    });
    return { loss, direction };
  }

  /** Steps along v where tensors are kept; the rest of v. */
  #parted(kept: LocalTensors, v: Float32Array, { number }: Round, learningRate: number): Float32Array {
    kernels.axpy(-learningRate, v, this.#whole);
    kept.propose(this.#whole, number);
    kept.split.takeShared(v, this.#shared);
    return this.#shared;
  }

  async #mean(round: number): Promise<number> {
    const { peer, model, batches, params, localTensors, settings } = this.#trainee;
    const { samples } = this.#options;
    assert(batches !== null, "a member without data has no direction");
    localTensors?.join(params, this.#whole);
    const at = localTensors === undefined ? params : this.#whole;
    if (samples > 1) this.#sum.fill(0);
    let loss = 0;
    for (let r = 0; r < samples; r++) {
      loss += await peer.work("gradient", settings.stepCost, () =>
        model.gradient(at, batches.at(round * samples + r), this.#gradient),
      );
      if (samples > 1) kernels.axpy(1 / samples, this.#gradient, this.#sum);
    }
    return loss / samples;
  }

  /** The round was decided. */
  commit(): void {
    this.#velocity?.commit();
    this.#trainee.localTensors?.commit();
  }

  save(): NamedVectors {
    const tensors = this.#trainee.localTensors?.save() ?? [];
    return new Map([...prefixed("momentum", this.#velocity?.save() ?? new Map()), ...tensors]);
  }

  restore(saved: NamedVectors): void {
    this.#trainee.localTensors?.restore(saved);
    this.#velocity?.restore(under("momentum", saved));
  }
}
