/**
 * Local steps: in a round a worker trains by itself from the common model, and says how far it came.
 *
 *     y = x;   H times:  g = ∇f_i(y; next mini-batch) + ρ (y − x);   v ← μ v + g;   y ← inner(y, v, η)
 *     Δ = c (x − y)                                                          the pseudo-gradient, in units of the model
 *
 * Local tensors take the same steps, without the pull to x, and are no part of Δ: what y is there, the peer keeps.
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
import type { SharedRun } from "./local-tensors.ts";
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
  /** y, and then Δ where nothing is kept. */
  readonly #local: Float32Array;
  /** Δ */
  readonly #difference: Float32Array;
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
    this.#difference = trainee.localTensors === undefined ? this.#local : vector(trainee.params.length);
    this.#gradient = vector(layout.length);
    this.#stepper = (optimizer ?? sgd(factor)).open(layout);
    this.#velocity = optimizer !== undefined && factor > 0 ? new LocalMomentum(factor, layout.length) : undefined;
    this.#settled = this.#state();
  }

  async at(round: Round, learningRate: number): Promise<{ loss: number; direction: Float32Array }> {
    const { peer, model, batches, params, localTensors, settings } = this.#trainee;
    assert(batches !== null, "a member without data takes no local steps");
    this.#begin();
    if (localTensors === undefined) this.#local.set(params);
    else localTensors.join(params, this.#local);
    const first = this.#stepsBefore(round.number);
    const end = this.#stepsBefore(round.number + 1);
    let loss = 0;
    for (let step = first; step < end; step++) {
      loss += await peer.work("gradient", settings.stepCost, () =>
        model.gradient(this.#local, batches.at(step), this.#gradient),
      );
      await peer.work("optimizer", settings.codecCost, () => {
        this.#descend(learningRate);
        if (step + 1 === end) this.#subtract(round);
      });
    }
    return { loss: loss / (end - first), direction: this.#difference };
  }

  #descend(learningRate: number): void {
    const gradient = this.#gradient;
    if (this.#proximal > 0) this.#pull(gradient);
    if (this.#velocity !== undefined) {
      gradient.set(this.#velocity.absorb(gradient)); // a copy: optimizers may use what they get as scratch
      this.#velocity.commit();
    }
    this.#stepper.step(this.#local, gradient, learningRate);
  }

  /** g + ρ (y − x) */
  #pull(gradient: Float32Array): void {
    const { params, localTensors } = this.#trainee;
    for (const { whole, shared } of localTensors?.split.sharedRuns ?? [EVERYTHING]) {
      const own = gradient.subarray(...whole);
      kernels.axpy(this.#proximal, this.#local.subarray(...whole), own);
      kernels.axpy(-this.#proximal, params.subarray(...shared), own);
    }
  }

  /** From y to Δ. */
  #subtract({ number }: Round): void {
    const { params, localTensors } = this.#trainee;
    localTensors?.propose(this.#local, number);
    localTensors?.split.takeShared(this.#local, this.#difference);
    kernels.subtract(params, this.#difference, this.#difference);
    if (this.#scale !== 1) kernels.scale(this.#scale, this.#difference);
  }

  #begin(): void {
    if (this.#inFlight || this.#resets) this.#load(this.#settled);
    else this.#settled = this.#state();
    this.#inFlight = true;
  }

  commit(): void {
    this.#inFlight = false;
    this.#trainee.localTensors?.commit();
  }

  save(): NamedVectors {
    const tensors = this.#trainee.localTensors?.save() ?? [];
    if (this.#resets) return new Map(tensors);
    return new Map([...prefixed("local", this.#inFlight ? this.#settled : this.#state()), ...tensors]);
  }

  restore(saved: NamedVectors): void {
    this.#trainee.localTensors?.restore(saved);
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

/** The runs of a model of which nothing is kept. */
const EVERYTHING: SharedRun = { whole: [0], shared: [0] };
