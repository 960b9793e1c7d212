/**
 * The soak: a small swarm trains in the simulator with the real program and real recipes, while a schedule drawn from a
 * seed crashes its peers, brings them back and mangles their mail. What must hold whatever happens is checked:
 *
 *     members that commit a round hold the same bits after it, and so does a member that was brought forward
 *     a decided round is made again only if all who held its result are gone
 *     no vector is applied twice or left out, and no error is lost but with the one who kept it (`soak-laws.ts`)
 *     nothing locks up, nothing fails, and all ends in bounded time
 *     while nobody goes, no message is spent on membership, and the mangled mail changes no bit
 */
import assert from "node:assert/strict";
import { Random } from "../../base/random.ts";
import { leaseVectors } from "../../kernels/index.ts";
import type { Peer } from "../../ports/peer.ts";
import type { PeerId } from "../../ports/view.ts";
import type { TrainingSettings } from "../../recipes/method.ts";
import { conditionsOf } from "../../simulation/conditions.ts";
import { DeadlockError } from "../../simulation/deadlock.ts";
import { type SimulationOptions, simulate } from "../../simulation/simulate.ts";
import type { TraceEvent } from "../../simulation/trace.ts";
import type { Host, PeerOutcome } from "../host.ts";
import { checkJob, type Job, jobRandom } from "../job.ts";
import { ShownModels } from "../mean-model.ts";
import { trainPeer } from "../program.ts";
import { methodOf, trainingSettings, viewOf } from "../setting.ts";
import { assertEqual, History } from "./soak-history.ts";
import { checkLaw } from "./soak-laws.ts";
import { watched } from "./soak-learner.ts";
import { gradientsOf, rowsFor } from "./soak-problem.ts";
import { type Schedule, scheduleOf } from "./soak-schedule.ts";

/** What a schedule brought about. */
export interface Soaked {
  readonly schedule: Schedule;
  /** Messages by which members agreed. */
  readonly agreements: number;
  readonly crashed: number;
  readonly returned: number;
  /** Peers that came to the end of the run. */
  readonly ends: number;
  /** Rounds that were tried in vain, by any member. */
  readonly undone: number;
  /** Decided rounds that were lost with all who had their results. */
  readonly forgotten: number;
}

interface Run {
  readonly history: History;
  readonly outcomes: readonly PeerOutcome[];
  /** Of peers that took part in it to its end. */
  readonly ends: readonly PeerOutcome[];
  readonly seconds: number;
  /** It was torn down: what was in flight is undone, also at peers that had crashed. */
  readonly torn: boolean;
  readonly crashed: number;
  readonly returned: number;
  readonly agreements: number;
}

/** Longer than any schedule takes: 25 rounds, some begun anew, with mail that is lost ten times in a row. */
const MOST_SECONDS = 3600;
const MOST_MESSAGES = 200_000;

/** @param only a part of the name of the recipe @throws {Error} if anything is not as it must be */
export const soak = (seed: number, only?: string): Promise<Soaked> => soakSchedule(scheduleOf(seed, only));

/** @throws {Error} if anything is not as it must be */
export async function soakSchedule(schedule: Schedule): Promise<Soaked> {
  const lease = leaseVectors();
  try {
    return await check(schedule);
  } finally {
    lease.release();
  }
}

async function check(schedule: Schedule): Promise<Soaked> {
  const { seed } = schedule;
  const run = await runSchedule(schedule, { elastic: true, ideal: false });
  const { history } = run;
  checkEnds(schedule, run);
  if (!run.torn) checkLaw(schedule, history, gradientsOf(seed, schedule.shape));
  const undisturbed = run.outcomes.length === history.lives.length;
  if (undisturbed && schedule.stopAt === Number.POSITIVE_INFINITY) await checkUndisturbed(schedule, run);
  const tries = history.lives.flatMap((life) => life.tries);
  return {
    schedule,
    agreements: run.agreements,
    crashed: run.crashed,
    returned: run.returned,
    ends: run.ends.length,
    undone: tries.filter((tried) => isEqual(schedule) && !history.counts(tried)).length,
    forgotten: history.forgotten,
  };
}

const isEqual = ({ method }: Schedule): boolean => method.law !== "own models";
const isLazy = ({ method }: Schedule): boolean => method.recipe.includes("participation");

/** All who come to the end come to the same end. */
function checkEnds(schedule: Schedule, { ends, history, seconds }: Run): void {
  assert.ok(seconds < MOST_SECONDS, `it took ${seconds} s of virtual time`);
  const [first] = ends;
  if (first === undefined) return;
  const { rounds, outcome } = first;
  for (const end of ends) assert.deepEqual([end.rounds, end.outcome], [rounds, outcome], "rounds at the end");
  const stops = schedule.stopAt < Number.POSITIVE_INFINITY;
  assert.ok(outcome === "rounds" ? rounds === schedule.rounds : stops, `the run ended after ${rounds}: ${outcome}`);
  if (!isEqual(schedule)) return;
  history.ends(rounds);
  assert.equal(history.decisions.length, rounds, "rounds that were decided in a run that came to its end");
  if (isLazy(schedule) || schedule.method.keepsExact === true) return;
  const last = rounds === 0 ? history.initial! : history.decisions[rounds - 1]!.params;
  for (const { params } of ends) if (params !== undefined) assertEqual(params, last, "a model at the end");
}

/** Nobody went: no message tells of it, each round is tried once, and the parameters are those of an ideal world. */
async function checkUndisturbed(schedule: Schedule, run: Run): Promise<void> {
  assert.equal(run.agreements, 0, "messages to agree on a round, while nobody was lost");
  for (const { tries } of run.history.lives) {
    for (const { round, view } of tries) assert.deepEqual([round.attempt, view.epoch], [0, 0]);
  }
  const elastic = schedule.method.collects === true;
  const ideal = await runSchedule(schedule, { elastic, ideal: true });
  for (const [i, { params }] of ideal.history.decisions.entries()) {
    assertEqual(run.history.decisions[i]!.params, params, `after round ${i}, beside an ideal world`);
  }
  for (const [i, { params }] of ideal.outcomes.entries()) {
    if (params !== undefined) assertEqual(run.outcomes[i]!.params!, params, `peer ${i}, beside an ideal world`);
  }
}

interface World {
  readonly elastic: boolean;
  /** Without faults. */
  readonly ideal: boolean;
}

async function runSchedule(schedule: Schedule, world: World): Promise<Run> {
  const { seed, crashes, faults } = schedule;
  const job = jobOf(schedule);
  const gradients = gradientsOf(seed, schedule.shape);
  const { data, parts } = rowsFor(schedule.workers);
  const history = new History();
  const method = watched(methodOf(job), { history, gradients, equal: isEqual(schedule) });
  const view = viewOf(job);
  const { model } = gradients;
  const settings: TrainingSettings = { ...trainingSettings(job, model, { data, parts }), elastic: world.elastic };
  const witness = new Witness(history);
  const shown = new ShownModels(undefined);
  const conditions = conditionsOf(world.ideal ? {} : faults, { view, link: job.link!, rng: jobRandom(job) });
  const options: SimulationOptions = {
    ...conditions,
    ...(schedule.babbler && { mangle: babbling(schedule.babbler, conditions.mangle) }),
    ...(schedule.braggart !== undefined && { mangle: bragging(schedule.braggart) }),
    view,
    seed,
    crashes: world.ideal ? [] : crashes,
    trace: (event) => witness.see(event),
  };
  let ended = false;
  const ends: PeerOutcome[] = [];
  const program = async (peer: Peer) => {
    watchExpulsions(peer, schedule);
    const stopRequested = () => peer.clock.now() >= schedule.stopAt;
    const host = { ...hostOf(peer, shown), stopRequested, ended: () => ended };
    const begins = peer.view.epoch > view.epoch ? ("joining" as const) : ("together" as const);
    const setup = { job, method, model, data, roster: view, parts, settings, host, resumed: undefined, begins };
    const outcome = await trainPeer(peer, setup);
    ended = true;
    const life = history.lives.findLast(({ id }) => id === peer.id)!;
    life.ended = life.tries.length > 0;
    if (life.ended) ends.push(outcome);
    return outcome;
  };
  const simulated = simulate(options, program).then((run) => ({ ...run, torn: false }));
  const { results, seconds, torn } = await simulated.catch(whereNobodyTrains);
  const { crashed, returned, agreements } = witness;
  return { history, outcomes: results, ends, seconds, torn, crashed, returned, agreements };
}

/** Nobody is blamed for what it did not do. */
function watchExpulsions(peer: Peer, { babbler, braggart }: Schedule): void {
  const expel = peer.expel?.bind(peer);
  peer.expel = (id, why) => {
    assert.ok(id === babbler?.peer || id === braggart, `peer ${peer.id} expels peer ${id}: ${why}`);
    expel?.(id, why);
  };
}

/** A server whose workers are all gone for good waits for ever. */
function whereNobodyTrains(error: unknown): { results: readonly PeerOutcome[]; seconds: number; torn: boolean } {
  const parked = error instanceof DeadlockError ? error.parked : [];
  if (parked.length === 1 && parked[0]!.waits.length === 0) return { results: [], seconds: 0, torn: true };
  throw error;
}

/** What a peer sends from a round on is noise, longer than any message of these small models. */
function babbling(
  { peer, round }: NonNullable<Schedule["babbler"]>,
  usual: SimulationOptions["mangle"] = () => "deliver",
): NonNullable<SimulationOptions["mangle"]> {
  const noise = Random.fromSeed(round).split("noise");
  let begun = false;
  return (message) => {
    begun ||= message.from === peer && message.tag.round >= round;
    if (!begun || message.from !== peer) return usual(message);
    const length = message.serial % 3 === 0 ? 0 : NOISE_BYTES;
    return { body: Uint8Array.from({ length }, (_, i) => noise.u32(NOISE_BYTES * message.serial + i) % 256) };
  };
}

const NOISE_BYTES = 4099;

/** Where a standing and a plan tell of rounds (`rounds/agreement.ts`). */
const ROUNDS_AT = 2;

const bragging =
  (peer: PeerId): NonNullable<SimulationOptions["mangle"]> =>
  ({ from, tag, body }) => {
    if (from !== peer || tag.kind !== "view" || tag.part === 2) return "deliver";
    const claim = body.slice();
    claim[ROUNDS_AT + 3] = 1; // 2²⁴ more
    return { body: claim };
  };

/** Sees who goes, and counts messages. */
class Witness {
  readonly #history: History;
  #messages = 0;
  crashed = 0;
  returned = 0;
  agreements = 0;

  constructor(history: History) {
    this.#history = history;
  }

  see(event: TraceEvent): void {
    if (event.kind === "send") {
      this.#messages += 1;
      assert.ok(this.#messages < MOST_MESSAGES, "messages without end");
      if (event.tag.kind === "view") this.agreements += 1;
    } else if (event.kind === "crash" || event.kind === "leave") {
      const life = this.#history.lives.findLast(({ id }) => id === event.from);
      if (life !== undefined) life.gone = true;
      if (event.kind === "crash") this.crashed += 1;
    } else if (event.kind === "return") {
      this.returned += 1;
    }
  }
}

function jobOf({ method, workers, ownServer, rounds, link, seed }: Schedule): Job {
  const { recipe, up, down, momentum, aggregator } = method;
  return checkJob({
    recipe,
    ...(up !== undefined && { compressor: up }),
    ...(down !== undefined && { down }),
    ...(aggregator !== undefined && { aggregator }),
    momentum: momentum ?? "0",
    peers: String(workers),
    ...(ownServer && { server: "own" }),
    rounds: String(rounds),
    lr: "1",
    batch: "1",
    link,
    evalEvery: "7",
    seed: String(seed),
  });
}

const hostOf = ({ id }: Peer, shown: ShownModels): Omit<Host, "stopRequested"> => ({
  tick: () => {},
  checkpointEvery: 0,
  checkpoint: () => {},
  show: (round, model) => shown.show(round, id, model),
  shown: (round) => shown.take(round),
});
