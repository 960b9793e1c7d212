/**
 * Exchanges a direction every step: local gradient → exchange → the same step everywhere.
 *
 *     worker i:  g_i = ∇f_i(x);   v_i = g_i, or the local velocity v_i ← μ v_i + g_i
 *     all:       d = pattern(v_1, …, v_n);   x ← x − η d, or heavy ball on d
 *
 * All members start from equal parameters and apply equal steps, so their parameters stay equal bit for bit.
 */
import { type NamedVectors, prefixed, under } from "../base/state.ts";
import { vector } from "../kernels/index.ts";
import { LocalMomentum } from "../optimizers/local-momentum.ts";
import type { Stepper } from "../optimizers/optimizer.ts";
import { sgd } from "../optimizers/sgd.ts";
import type { Exchange, Note, Pattern } from "../patterns/pattern.ts";
import type { Round } from "../rounds/round.ts";
import type { Learner, Method, StepReport, Trainee } from "./method.ts";

export const exchangeGradients = (pattern: Pattern): Method => ({
  name: `exchange-gradients(${pattern.name})`,
  open: (trainee) => new GradientExchange(pattern, trainee),
  uncompressedBytes: pattern.uncompressedBytes,
});

class GradientExchange implements Learner {
  readonly #trainee: Trainee;
  readonly #exchange: Exchange;
  readonly #gradient: Float32Array;
  readonly #averaged: Float32Array;
  readonly #velocity: LocalMomentum | undefined;
  readonly #stepper: Stepper;

  constructor(pattern: Pattern, trainee: Trainee) {
    const { peer, model, batches, settings } = trainee;
    const { length } = model.layout;
    const { factor, at } = settings.momentum;
    this.#trainee = trainee;
    this.#exchange = pattern.open(peer, model.layout, settings);
    this.#gradient = vector(length);
    this.#averaged = vector(length);
    const local = at === "worker" && factor > 0;
    this.#velocity = local && batches !== null ? new LocalMomentum(factor, length) : undefined;
    this.#stepper = sgd(local ? 0 : factor).open(length);
  }

  async step(round: Round, note: Note): Promise<StepReport> {
    const { peer, params, settings } = this.#trainee;
    const own = await this.#direction(round);
    const told = await this.#exchange.average(own.direction, this.#averaged, round, note);
    if (told !== 0) return { loss: own.loss, note: told };
    this.#velocity?.commit();
    await peer.work("optimizer", settings.codecCost, () =>
      this.#stepper.step(params, this.#averaged, settings.learningRate),
    );
    return { loss: own.loss, note: 0 };
  }

  async #direction(round: Round): Promise<{ loss: number; direction: Float32Array | null }> {
    const { peer, model, batches, params, settings } = this.#trainee;
    if (batches === null) return { loss: Number.NaN, direction: null };
    const loss = await peer.work("gradient", settings.stepCost, () =>
      model.gradient(params, batches.at(round.number), this.#gradient),
    );
    const velocity = this.#velocity;
    if (velocity === undefined) return { loss, direction: this.#gradient };
    const direction = await peer.work("optimizer", settings.codecCost, () => velocity.absorb(this.#gradient));
    return { loss, direction };
  }

  save(): NamedVectors {
    return new Map([
      ...prefixed("exchange", this.#exchange.save()),
      ...prefixed("optimizer", this.#stepper.save()),
      ...prefixed("momentum", this.#velocity?.save() ?? new Map()),
    ]);
  }

  restore(saved: NamedVectors): void {
    this.#exchange.restore(under("exchange", saved));
    this.#stepper.restore(under("optimizer", saved));
    this.#velocity?.restore(under("momentum", saved));
  }
}
