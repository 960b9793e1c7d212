/**
 * The laws that a history must keep once its run is over.
 */
import assert from "node:assert/strict";
import { Random } from "../../base/random.ts";
import type { NamedVectors } from "../../base/state.ts";
import type { PeerId, View } from "../../ports/view.ts";
import { Participation, type Sampling } from "../../rounds/participation.ts";
import type { History, Life } from "./soak-history.ts";
import type { Gradients } from "./soak-problem.ts";
import type { Schedule } from "./soak-schedule.ts";

export function checkLaw({ method, seed }: Schedule, history: History, gradients: Gradients): void {
  const { law, steps = 1, sampling } = method;
  const said = (id: Life["id"], round: number) => saidBy(gradients, id, round, steps);
  if (law === "exact") checkExact(history, said);
  if (law === "workers' errors") checkWorkersErrors(history, said, sampledBy(sampling, seed));
  if (law === "server's error") checkServersError(history, said);
}

/** Σ u of a worker's steps in a round. */
function saidBy(gradients: Gradients, id: Life["id"], round: number, steps: number): Float64Array {
  const sum = new Float64Array(gradients.model.layout.length);
  for (let step = round * steps; step < (round + 1) * steps; step++) add(sum, gradients.at(id, step), 1);
  return sum;
}

type Said = (id: Life["id"], round: number) => Float64Array;

/** x_{r+1} − x_r = −(1/n) Σ u(i, r) over the workers of the view in which round r was decided. */
function checkExact(history: History, said: Said): void {
  for (const [number, { view, params }] of history.decisions.entries()) {
    const moved = new Float64Array(params);
    add(moved, paramsBefore(history, number), -1);
    for (const id of view.workers) add(moved, said(id, number), 1 / view.workers.length);
    assertZero(moved, `round ${number}: x_{r+1} − x_r + mean u, workers ${view.workers}`);
  }
}

type Takers = (view: View, round: number) => { readonly workers: readonly PeerId[]; readonly expected: number };

/** Who takes part in a round of a view. */
const sampledBy =
  (sampling: Sampling | undefined, seed: number): Takers =>
  ({ workers }, round) => {
    if (sampling === undefined) return { workers, expected: workers.length };
    const participation = new Participation(sampling, workers, Random.fromSeed(seed));
    return { workers: participation.of(round), expected: participation.expected };
  };

/** Σ n_r (x_r − x_{r+1}) = Σ u − Σ e over all lives. */
function checkWorkersErrors(history: History, said: Said, takers: Takers): void {
  const left = new Float64Array(history.initial?.length ?? 0);
  for (const [number, { view, params }] of history.decisions.entries()) {
    const { workers, expected } = takers(view, number);
    add(left, paramsBefore(history, number), expected);
    add(left, params, -expected);
    for (const id of workers) add(left, said(id, number), -1);
  }
  for (const life of history.lives) add(left, errorOf(life, history, /\b(up|powersgd)\b.*error$/), 1);
  assertZero(left, "Σ n (x_r − x_{r+1}) − Σ u + Σ e");
}

/** Σ (x_r − x_{r+1}) = Σ mean u − Σ e over all that served. */
function checkServersError(history: History, said: Said): void {
  const left = new Float64Array(history.initial?.length ?? 0);
  for (const [number, { view, params }] of history.decisions.entries()) {
    add(left, paramsBefore(history, number), 1);
    add(left, params, -1);
    for (const id of view.workers) add(left, said(id, number), -1 / view.workers.length);
  }
  for (const life of history.lives) add(left, errorOf(life, history, /down\/all.*error$/), 1);
  assertZero(left, "Σ (x_r − x_{r+1}) − Σ mean u + e");
}

/**
 * What a peer had yet to say after the last decided round that it took part in. A round that it tried in vain changed
 * nothing; one that was decided, and forgotten since nobody had it any more, is left aside with all that came after.
 */
function errorOf(life: Life, history: History, names: RegExp): readonly number[] {
  const last = life.tries.findLastIndex((tried) => history.counts(tried));
  if (last < 0) return [];
  const after: NamedVectors = life.tries[last + 1]?.before ?? life.settled(life.tries[last]!.round.number + 1);
  return [...after].flatMap(([name, error]) => (names.test(name) ? [...error] : [])); // parts lie in their order
}

const paramsBefore = ({ decisions, initial }: History, round: number): Float32Array =>
  round === 0 ? initial! : decisions[round - 1]!.params;

function add(sum: Float64Array, x: ArrayLike<number>, times: number): void {
  for (let j = 0; j < x.length; j++) sum[j]! += times * x[j]!;
}

/** As far as sums in f32 of some hundred numbers about 4 go. */
function assertZero(x: Float64Array, what: string): void {
  const at = x.findIndex((value) => !(Math.abs(value) < 2e-3));
  assert.ok(at < 0, `${what}: entry ${at} is ${x[at]}, not 0`);
}
