/**
 * A method whose learners are watched: what they hold after every round goes into a history.
 */
import assert from "node:assert/strict";
import type { NamedVectors } from "../../base/state.ts";
import type { PeerId } from "../../ports/view.ts";
import type { Learner, Method, StepReport, Trainee } from "../../recipes/method.ts";
import type { Round } from "../../rounds/round.ts";
import type { History, Life } from "./soak-history.ts";
import type { Gradients } from "./soak-problem.ts";

export interface Watching {
  readonly history: History;
  readonly gradients: Gradients;
  /** Members that commit a round have the same bits. */
  readonly equal: boolean;
}

/** A life is put down in the history when its learner is opened. */
export const watched = (method: Method, watching: Watching): Method => ({
  ...method,
  open(trainee) {
    const { gradients, history } = watching;
    const own = { ...trainee, batches: trainee.batches && gradients.batchesOf(trainee.peer.id) };
    const learner = method.open(own);
    const { id } = trainee.peer;
    const life: Life = { id, tries: [], gone: false, ended: false, settled: (round) => settled(learner, round) };
    history.lives.push(life);
    return new WatchedLearner(learner, own, life, watching);
  },
});

function settled(learner: Learner, round: number): NamedVectors {
  learner.settle(round);
  return learner.save();
}

class WatchedLearner implements Learner {
  readonly #learner: Learner;
  readonly #trainee: Trainee;
  readonly #life: Life;
  readonly #watching: Watching;
  /** Rounds that were agreed on last. */
  #agreed = 0;

  constructor(learner: Learner, trainee: Trainee, life: Life, watching: Watching) {
    this.#learner = learner;
    this.#trainee = trainee;
    this.#life = life;
    this.#watching = watching;
  }

  async step(round: Round, note: number): Promise<StepReport> {
    const { peer, params } = this.#trainee;
    const { view } = peer;
    const { history, equal } = this.#watching;
    const life = this.#life;
    history.initial ??= Float32Array.from(params);
    assert.ok(!life.gone, `peer ${life.id} goes on after its end`);
    assert.ok(life.tries.length < MOST_TRIES, `peer ${life.id} makes no headway: ${life.tries.length} tries`);
    history.tries(life, { round, view, before: this.#learner.save() });
    const report = await this.#learner.step(round, note);
    const done = round.number + 1;
    assert.ok(params.every(Number.isFinite), `peer ${life.id} after round ${round.number}: its model is not finite`);
    if (equal && report.note === 0 && this.#learner.holds(done) === done) history.committed(life, round, view, params);
    return report;
  }

  settle(round: number): void {
    this.#agreed = round;
    this.#learner.settle(round);
  }

  adopt(replica: NamedVectors): void {
    this.#learner.adopt(replica);
    const { history, equal } = this.#watching;
    if (equal) history.adopted(this.#life, this.#agreed, this.#trainee.params);
  }

  holds(done: number): number {
    return this.#learner.holds(done);
  }

  get lazy(): boolean {
    return this.#learner.lazy;
  }

  replica(): NamedVectors {
    return this.#learner.replica();
  }

  regroup(joined: ReadonlySet<PeerId>, brought: readonly PeerId[]): void {
    this.#learner.regroup(joined, brought);
  }

  model(): Float32Array {
    return this.#learner.model();
  }

  save(): NamedVectors {
    return this.#learner.save();
  }

  restore(saved: NamedVectors): void {
    this.#learner.restore(saved);
  }

  recover(saved: NamedVectors): void {
    this.#learner.recover(saved);
  }
}

/** A run of at most 25 rounds, with at most 14 crashes and as many returns. */
const MOST_TRIES = 500;
