/**
 * Local steps: in a round a worker trains by itself from the common model, and says how far it came.
 *
 *     y = x;   H times:  g = ∇f_i(y; next mini-batch) + ρ (y − x);   v ← μ v + g;   y ← inner(y, v, η)
 *     Δ = c (x − y)                                                          the pseudo-gradient, in units of the model
 *
 * The optimizer of these steps stays local. A round that is undone leaves it, and the mini-batches, as they were: for that
 * its state is copied once a round, not once a step.
 * @see Li, Sahu, Zaheer, Sanjabi, Talwalkar & Smith 2018, "Federated Optimization in Heterogeneous Networks" (FedProx),
 *   arXiv:1812.06127 (the proximal term)
 */
import { assert } from "../base/errors.ts";
import { type NamedVectors, prefixed, under } from "../base/state.ts";
import { kernels, vector } from "../kernels/index.ts";
import { LocalMomentum } from "../optimizers/local-momentum.ts";
import type { Stepper } from "../optimizers/optimizer.ts";
import { sgd } from "../optimizers/sgd.ts";
import type { Round } from "../rounds/round.ts";
import type { LocalWork } from "./exchange-directions.ts";
import type { Trainee } from "./method.ts";

/** How many local steps are done before a round: round r has `steps(r + 1) − steps(r)` of them, at least one. */
export type StepCount = (round: number) => number;

/** H steps in every round. */
export const every =
  (steps: number): StepCount =>
  (round) =>
    steps * round;

export interface LocalStepsOptions {
  /** May depend on how much data the worker has. */
  steps(trainee: Trainee): StepCount;
  /** What the local optimizer remembers from round to round: everything (default), or nothing. */
  readonly state?: LocalState;
  /** ρ ≥ 0; default 0. */
  readonly proximal?: number;
  /** c; default 1. */
  scale?(trainee: Trainee): number;
}

export type LocalState = "keep" | "reset";

export class LocalSteps implements LocalWork {
  readonly #trainee: Trainee;
  readonly #stepsBefore: StepCount;
  readonly #resets: boolean;
  readonly #proximal: number;
  readonly #scale: number;
  /** y, and then Δ. */
  readonly #local: Float32Array;
  readonly #gradient: Float32Array;
  readonly #stepper: Stepper;
  readonly #velocity: LocalMomentum | undefined;
  /** The optimizer's state where the last decided round left it, or at first. */
  #settled: NamedVectors;
  #inFlight = false;

  constructor(trainee: Trainee, options: LocalStepsOptions) {
    const { layout } = trainee.model;
    const { optimizer, momentum } = trainee.settings;
    const factor = momentum.at === "worker" ? momentum.factor : 0;
    this.#trainee = trainee;
    this.#stepsBefore = options.steps(trainee);
    this.#resets = options.state === "reset";
    this.#proximal = options.proximal ?? 0;
    this.#scale = options.scale?.(trainee) ?? 1;
    this.#local = vector(layout.length);
    this.#gradient = vector(layout.length);
    this.#stepper = (optimizer ?? sgd(factor)).open(layout);
    this.#velocity = optimizer !== undefined && factor > 0 ? new LocalMomentum(factor, layout.length) : undefined;
    this.#settled = this.#state();
  }

  async at(round: Round, learningRate: number): Promise<{ loss: number; direction: Float32Array }> {
    const { peer, model, batches, params, settings } = this.#trainee;
    assert(batches !== null, "a member without data takes no local steps");
    this.#begin();
    this.#local.set(params);
    const first = this.#stepsBefore(round.number);
    const end = this.#stepsBefore(round.number + 1);
    let loss = 0;
    for (let step = first; step < end; step++) {
      loss += await peer.work("gradient", settings.stepCost, () =>
        model.gradient(this.#local, batches.at(step), this.#gradient),
      );
      await peer.work("optimizer", settings.codecCost, () => {
        this.#descend(learningRate);
        if (step + 1 === end) this.#subtract();
      });
    }
    return { loss: loss / (end - first), direction: this.#local };
  }

  #descend(learningRate: number): void {
    const gradient = this.#gradient;
    if (this.#proximal > 0) {
      kernels.axpy(this.#proximal, this.#local, gradient);
      kernels.axpy(-this.#proximal, this.#trainee.params, gradient);
    }
    if (this.#velocity !== undefined) {
      gradient.set(this.#velocity.absorb(gradient)); // a copy: optimizers may use what they get as scratch
      this.#velocity.commit();
    }
    this.#stepper.step(this.#local, gradient, learningRate);
  }

  /** y becomes Δ. */
  #subtract(): void {
    kernels.subtract(this.#trainee.params, this.#local, this.#local);
    if (this.#scale !== 1) kernels.scale(this.#scale, this.#local);
  }

  #begin(): void {
    if (this.#inFlight || this.#resets) this.#load(this.#settled);
    else this.#settled = this.#state();
    this.#inFlight = true;
  }

  commit(): void {
    this.#inFlight = false;
  }

  save(): NamedVectors {
    if (this.#resets) return new Map();
    return prefixed("local", this.#inFlight ? this.#settled : this.#state());
  }

  restore(saved: NamedVectors): void {
    if (!this.#resets) this.#load(under("local", saved));
    this.#inFlight = false;
  }

  #state(): NamedVectors {
    return new Map([
      ...prefixed("optimizer", this.#stepper.save()),
      ...prefixed("momentum", this.#velocity?.save() ?? new Map()),
    ]);
  }

  #load(state: NamedVectors): void {
    this.#stepper.restore(under("optimizer", state));
    this.#velocity?.restore(under("momentum", state));
  }
}
