/**
 * The training program of one peer: local step → exchange → apply → report, round after round. It runs unchanged in the
 * simulator and on worker threads; all its awaits are calls of the Peer port.
 *
 * Where members come and go, a peer that lost another, or hears of a new view between two rounds, enters that view, agrees
 * with its members on the round to go on from, hands its state to those who lack it, and goes on (`rounds/agreement.ts`).
 */

import { Aborted, CorruptError, PeerLost } from "../base/errors.ts";
import { checkLength } from "../base/layout.ts";
import type { NamedVectors } from "../base/state.ts";
import { type Seconds, seconds } from "../base/units.ts";
import { Batches } from "../data/batches.ts";
import { vector } from "../kernels/index.ts";
import type { Note } from "../patterns/pattern.ts";
import type { Batch, TrainTest } from "../ports/dataset.ts";
import type { MeterTotals } from "../ports/meter.ts";
import type { Model } from "../ports/model.ts";
import type { Peer } from "../ports/peer.ts";
import { type PeerId, rankOf, type View } from "../ports/view.ts";
import { isLiar, lying, parseByzantine } from "../recipes/byzantine.ts";
import type { Learner, Method, StepReport, Trainee, TrainingSettings } from "../recipes/method.ts";
import type { SharedReplicas } from "../recipes/shared-replicas.ts";
import { type Agreement, acknowledge, agree } from "../rounds/agreement.ts";
import { conclude } from "../rounds/conclusion.ts";
import { receiveState, sendState } from "../rounds/state-transfer.ts";
import type { Job, Target } from "./job.ts";
import { sumOf, totalsOf } from "./ledger.ts";
import { consensusDistance, meanOf } from "./mean-model.ts";
import { type Decision, type Dials, Pacing } from "./pacing/pacing.ts";
import { TimedPeer } from "./pacing/timed-peer.ts";
import type { Measured, Outcome, PeerState, Regrouping, Totals } from "./result.ts";
import { readTotals, writeTotals } from "./totals.ts";

/** What a note says; the largest one told in a round wins. */
export const NOTES: Readonly<Record<"goOn" | "target" | "diverged" | "interrupted", Note>> = {
  goOn: 0,
  target: 1,
  diverged: 2,
  interrupted: 3,
};

/** Entries of scalars that a state may have beyond those of this peer's own. */
const STATE_MARGIN = 1024;

/** A loss this many times the first one means that the run diverged. */
const DIVERGED_AT = 20;

/** One peer's tick: before the first round, after each, and when the run stops. */
export interface Tick {
  readonly rank: number;
  /** Of the view. */
  readonly epoch: number;
  readonly members: number;
  /** Attempts that were undone for a new view. */
  readonly undone: number;
  /** Rounds done. */
  readonly round: number;
  /** Exchanges made in this run, a last one that was undone included: what the ledger counts by. */
  readonly exchanges: number;
  readonly seconds: number;
  readonly batchLoss: number;
  /** What this peer had measured by then. */
  readonly totals: MeterTotals;
  /** From rank 0 after rounds that were evaluated. */
  readonly metrics?: Measured;
}

/** The run that this peer is part of: where it reports to and hears from, without waiting. */
export interface Host {
  tick(tick: Tick): void;
  /** Asked by rank 0 before each round: whether all are to stop. */
  stopRequested(): boolean;
  /** Asked before each round where members come and go: whether this peer is to leave, while the others go on. */
  leaves?(): boolean;
  /**
   * Each peer is recorded by itself, on a machine of its own: it keeps its model, hears of every change, and evaluates the
   * last round for itself. Where models differ, its own is judged.
   */
  readonly alone?: boolean;
  /** The round after which a checkpoint is due, as a period; 0 is never. */
  readonly checkpointEvery: number;
  /** The same in time; 0 or left out is never. */
  readonly checkpointSeconds?: Seconds;
  checkpoint(state: PeerState): void;
  /** Decentralised: this peer's model after a round whose mean model is measured. */
  show(round: number, model: Float32Array): void;
  /** What all have shown of a round, in the order of ids; asked once, by rank 0. @throws {PeerLost} if a model is missing */
  shown(round: number): readonly Float32Array[];
  /** This peer turned a dial of its compressors. */
  decided?(decision: Decision): void;
  /** Membership changed; told by rank 0 of the new view. */
  regrouped?(change: Regrouping): void;
  /** The run is over: what all members have spent, where each is recorded by itself. */
  concluded?(totals: Totals): void;
  /** Whether some peer has come to the end of the run, as far as it is known: who comes later begins no new one. */
  ended?(): boolean;
}

export interface Resumed {
  /** Rounds done. */
  readonly round: number;
  readonly params: Float32Array;
  /** Absent where this peer was away when the checkpoint was made. */
  readonly learner: NamedVectors | undefined;
  /**
   * The others know nothing of this peer any more: of the learner's state only what is its own is taken, and only if
   * nobody is ahead of it.
   */
  readonly wiresAnew?: boolean;
}

/**
 * How a peer begins: with all others; with members that lack their state, to be agreed with; or as one that has nothing and
 * is brought forward.
 */
export type Beginning = "together" | "agreeing" | "joining";

export interface PeerSetup {
  readonly job: Job;
  readonly method: Method;
  /** Of the method's compressors, which are then this peer's alone. */
  readonly dials?: Dials | undefined;
  readonly model: Model;
  readonly data: TrainTest;
  /** The view for which the data was shared out. */
  readonly roster: View;
  /** Rows of each worker, in the roster's order. */
  readonly parts: readonly Uint32Array[];
  /** Which of the parts is this peer's, −1 for none; default by the roster. */
  readonly place?: number;
  readonly settings: TrainingSettings;
  /** Of the mini-batches of all peers that run in this thread; default: of this one's. */
  readonly batchRoom?: Batch;
  /** Where peers of one process that hold equal parameters share them. */
  readonly shared?: SharedReplicas;
  readonly host: Host;
  readonly resumed: Resumed | undefined;
  /** Default "together". */
  readonly begins?: Beginning;
}

export interface PeerOutcome {
  /** In the last view. */
  readonly rank: number;
  readonly outcome: Outcome;
  /** Rounds done. */
  readonly rounds: number;
  /** Seconds from the first round to the last. */
  readonly seconds: number;
  /** Rank 0's evaluation of the final parameters. */
  readonly metrics?: Measured;
  readonly reachedTargetAt?: { readonly round: number; readonly seconds: number };
  /** The model that rank 0 keeps, since all others' are equal; of every peer where they differ, or where each is alone. */
  readonly params?: Float32Array;
}

/** What a peer has yet to tell its host. */
interface Report {
  /** What is measured first: the model after `round`. */
  readonly judge: { readonly round: number; readonly seconds: number } | undefined;
  tell(metrics: Measured | undefined): void;
}

export const trainPeer = (peer: Peer, setup: PeerSetup): Promise<PeerOutcome> => new PeerRun(peer, setup).run();

class PeerRun {
  readonly #peer: Peer;
  readonly #setup: PeerSetup;
  #rank: number;
  readonly #trainee: Trainee;
  readonly #learner: Learner;
  readonly #pacing: Pacing | undefined;
  /** Whether members come and go. */
  readonly #elastic: boolean;
  #start: number;
  #round: number;
  #attempt = 0;
  #undone = 0;
  /** The view whose members this peer agreed with last. */
  #agreedIn: View;
  /** This peer has trained, or begins with all others. */
  #veteran: boolean;
  #exchanges = 0;
  #began: Seconds = seconds(0);
  #firstLoss: number | undefined;
  #reachedTargetAt: { round: number; seconds: number } | undefined;
  #note: Note = NOTES.goOn;
  /** H of a decentralised method. */
  #hops: number | undefined;
  /** In the order of their rounds. A report of which something is measured holds up those behind it. */
  readonly #reports: Report[] = [];
  #checkpointed: Seconds = seconds(0);
  /** The last round whose model is measured, or will be. */
  #judged = -1;
  #metrics: Measured | undefined;

  constructor(peer: Peer, setup: PeerSetup) {
    const { job, method, model, data, parts, roster, resumed, begins = "together" } = setup;
    this.#peer = peer;
    this.#setup = setup;
    this.#rank = rankOf(peer.view, peer.id);
    this.#agreedIn = peer.view;
    this.#hops = method.hops?.(peer.view);
    this.#start = resumed?.round ?? 0;
    this.#round = this.#start;
    this.#elastic = setup.settings.elastic ?? false;
    this.#veteran = begins !== "joining";
    const worker = setup.place ?? roster.workers.indexOf(peer.id);
    const rows = parts[worker];
    const order = peer.rng.split(`peer/${peer.id}/batches`);
    const batches = rows === undefined ? null : new Batches(data.train, rows, job.batch, order, setup.batchRoom);
    const begin = (params: Float32Array) => {
      if (resumed === undefined) model.init(peer.rng.split("init"), params);
      else {
        checkLength(resumed.params, params.length, "checkpoint");
        params.set(resumed.params);
      }
      return params;
    };
    const shared = this.#hops === undefined ? setup.shared : undefined; // where models differ there is nothing to share
    const { length } = model.layout;
    const timed = setup.dials && new TimedPeer(peer);
    this.#pacing = timed && setup.dials && new Pacing(timed, setup.dials);
    this.#trainee = {
      peer: timed ?? peer,
      model: modelOf(setup, worker, peer),
      batches,
      params: shared?.initial(length, begin) ?? begin(vector(length)),
      settings: setup.settings,
      ...(shared && { shared }),
    };
    this.#learner = method.open(this.#trainee);
    if (resumed?.learner !== undefined && !resumed.wiresAnew) this.#learner.restore(resumed.learner);
  }

  async run(): Promise<PeerOutcome> {
    try {
      return await this.#train();
    } catch (error) {
      if (!(error instanceof Aborted) || this.#setup.host.leaves?.() !== true) throw error;
      return this.#leaveWaiting();
    }
  }

  async #train(): Promise<PeerOutcome> {
    const { job, host } = this.#setup;
    this.#began = this.#peer.clock.now();
    this.#checkpointed = this.#began;
    const { begins = "together" } = this.#setup;
    if (begins !== "together" && !(await this.#regroup({ entered: true }))) return this.#tooLate();
    this.#start = this.#round;
    if (begins !== "joining") this.#report(Number.NaN, true);
    await this.#tell();
    let heard: Note = NOTES.goOn;
    for (;;) {
      if (heard !== NOTES.goOn || this.#round >= job.rounds) {
        if (await this.#concludes()) return this.#outcome(heard);
        heard = NOTES.goOn;
        continue;
      }
      if (host.leaves?.() === true) return await this.#leave();
      const report = await this.#step();
      if (report === undefined) continue;
      this.#exchanges += 1;
      heard = report.note;
      if (heard === NOTES.goOn) await this.#pace();
      if (heard === NOTES.goOn) this.#round += 1;
      else this.#round = report.at ?? this.#round;
      const last = heard !== NOTES.goOn || this.#round === job.rounds;
      this.#report(report.loss, last || this.#round % job.evalEvery === 0);
      const due = this.#checkpointDue();
      const again = due && heard !== NOTES.goOn && this.#round > this.#start; // it was handed in before the undone round
      if ((last || due) && !again && heard !== NOTES.diverged) await this.#checkpoint();
      if (last && !this.#elastic && this.#hops !== undefined && this.#rank === 0) await this.#othersEnd();
      if (!last || !this.#elastic) await this.#tell(last);
    }
  }

  #checkpointDue(): boolean {
    const { checkpointEvery, checkpointSeconds = seconds(0) } = this.#setup.host;
    if (checkpointEvery > 0 && this.#round % checkpointEvery === 0) return true;
    return checkpointSeconds > 0 && this.#peer.clock.now() - this.#checkpointed >= checkpointSeconds;
  }

  /** Leaves between two rounds; the others go on. */
  async #leave(): Promise<PeerOutcome> {
    await this.#checkpoint();
    await this.#tell(true);
    return this.#outcome(NOTES.interrupted);
  }

  /** Leaves while it waits for the others: the round in flight is undone here, wherever it may have been decided. */
  #leaveWaiting(): PeerOutcome {
    if (!this.#veteran) return this.#tooLate();
    this.#learner.settle(this.#round);
    this.#setup.host.checkpoint(this.#state());
    return this.#outcome(NOTES.interrupted);
  }

  /** Turns the dials of this peer's compressors, where its wire says so. */
  async #pace(): Promise<void> {
    for (const decision of (await this.#pacing?.end(this.#round)) ?? []) this.#setup.host.decided?.(decision);
  }

  /** Whether all members are done; else membership changed, and there may be rounds to make. */
  async #concludes(): Promise<boolean> {
    if (!this.#elastic) return true;
    if (!this.#peer.outdated && (await this.#concluded())) {
      await this.#tell(true);
      return true;
    }
    const served = this.#rank === 0;
    await this.#regroup();
    if (this.#rank === 0 && !served) {
      this.#judged = -1; // whoever would have told of the last round is gone
      this.#report(Number.NaN, true);
      await this.#tell(); // of this model: another round may follow
    }
    return false;
  }

  async #concluded(): Promise<boolean> {
    try {
      if (!this.#alone) await conclude(this.#peer, this.#round);
      else this.#setup.host.concluded?.(await this.#reportTotals());
      return true;
    } catch (error) {
      if (error instanceof PeerLost) return false;
      throw error;
    }
  }

  /** What all members have spent that are here at the end. */
  async #reportTotals(): Promise<Totals> {
    const serves = this.#rank === 0 && this.#hops === undefined;
    const own = totalsOf({ totals: this.#peer.meter.totals(), serves });
    const sum = (reports: readonly Uint8Array[]) => writeTotals(reports.map(readTotals).reduce(sumOf));
    return readTotals(await conclude(this.#peer, this.#round, { own: writeTotals(own), sum }));
  }

  /** The run ended before this peer, which had just come, was given its state. */
  #tooLate(): PeerOutcome {
    return { rank: this.#rank, outcome: "interrupted", rounds: this.#round, seconds: this.#elapsed() };
  }

  #outcome(heard: Note): PeerOutcome {
    return {
      rank: this.#rank,
      outcome: outcomeOf(heard === NOTES.goOn ? this.#note : heard),
      rounds: this.#round,
      seconds: this.#elapsed(),
      ...(this.#metrics === undefined ? {} : { metrics: this.#metrics }),
      ...(this.#reachedTargetAt === undefined ? {} : { reachedTargetAt: this.#reachedTargetAt }),
      ...(this.#keepsModel ? { params: this.#learner.model() } : {}),
    };
  }

  /** One round; undefined if membership changed, and it is to be made again. */
  async #step(): Promise<StepReport | undefined> {
    const round = this.#round;
    if (this.#elastic && (this.#peer.outdated || this.#peer.view.workers.length === 0)) {
      await this.#regroup();
      return undefined;
    }
    try {
      this.#pacing?.begin();
      const report = await this.#learner.step({ number: this.#round, attempt: this.#attempt }, this.#noteToTell());
      this.#attempt = 0;
      return report;
    } catch (error) {
      if (!this.#elastic || !(error instanceof PeerLost)) throw error;
      await this.#regroup();
      if (this.#round === round) this.#undone += 1;
      return undefined;
    }
  }

  /**
   * Goes on in a new view. If it does not last until all have agreed, or nobody in it has data, in the one after it.
   * @returns false if there is nobody to go on with, since the run has ended
   */
  async #regroup({ entered = false }: { entered?: boolean } = {}): Promise<boolean> {
    const { host } = this.#setup;
    for (let there = entered; ; there = false) {
      try {
        if (!there) await this.#peer.nextView();
        if (this.#peer.view.workers.length > 0) return await this.#agree();
        if (host.ended?.()) return false;
      } catch (error) {
        if (!(error instanceof PeerLost)) throw error;
      }
    }
  }

  /** @returns false if nobody has any state, since the run has ended */
  async #agree(): Promise<boolean> {
    const { host } = this.#setup;
    const peer = this.#peer;
    const learner = this.#learner;
    const agreement = await agree(peer, {
      veteran: this.#veteran,
      round: learner.holds(this.#round),
      attempt: this.#attempt,
      exchanges: this.#exchanges,
    });
    if (!this.#veteran && !agreement.joined.has(peer.id) && host.ended?.()) return false;
    this.#recover(agreement);
    const brought = this.#bringsForward(agreement);
    if (agreement.source === peer.id && brought.length > 0) await sendState(peer, brought, learner.replica());
    const state = brought.includes(peer.id) ? await receiveState(peer, agreement.source, this.#mostState()) : undefined;
    // From here on this peer is in the new view as a whole.
    learner.settle(agreement.round);
    if (state !== undefined) learner.adopt(state);
    learner.regroup(agreement.joined, brought);
    this.#rank = rankOf(peer.view, peer.id);
    this.#hops = this.#setup.method.hops?.(peer.view);
    this.#round = agreement.round;
    this.#attempt = agreement.attempt;
    this.#exchanges = agreement.exchanges;
    this.#veteran = true;
    if (this.#rank === 0 || this.#alone) this.#tellOfRegrouping(agreement, brought);
    this.#agreedIn = peer.view;
    if (learner.lazy) await acknowledge(peer);
    return true;
  }

  /** Entries that another member's state may have: what a replica here has, and some for what is not there yet. */
  #mostState(): number {
    const own = [...this.#learner.replica().values()].reduce((sum, { length }) => sum + length, 0);
    return own + 2 * this.#setup.model.layout.length + STATE_MARGIN;
  }

  /** What this peer had of its own when all began again is right where the others are at its round. */
  #recover({ behind }: Agreement): void {
    const { resumed } = this.#setup;
    if (this.#veteran || !resumed?.wiresAnew || resumed.learner === undefined || behind.has(this.#peer.id)) return;
    this.#learner.recover(resumed.learner);
  }

  /** Who is given the state of the agreement's source. */
  #bringsForward({ joined, behind }: Agreement): readonly PeerId[] {
    const { members } = this.#peer.view;
    if (this.#hops !== undefined) return members.filter((id) => joined.has(id)); // the models of all differ
    if (this.#learner.lazy) return members.slice(0, 1).filter((id) => behind.has(id));
    return members.filter((id) => behind.has(id));
  }

  #tellOfRegrouping({ round, joined }: Agreement, brought: readonly PeerId[]): void {
    const { epoch, members } = this.#peer.view;
    this.#setup.host.regrouped?.({
      epoch,
      members,
      lost: this.#agreedIn.members.filter((id) => !members.includes(id) || joined.has(id)),
      joined: [...joined],
      round,
      brought,
      seconds: this.#elapsed(),
    });
  }

  /** What rank 0 has to say with the next round; the others are silent. */
  #noteToTell(): Note {
    if (this.#rank !== 0) return NOTES.goOn;
    return this.#setup.host.stopRequested() ? NOTES.interrupted : this.#note;
  }

  get #alone(): boolean {
    return this.#setup.host.alone === true;
  }

  get #keepsModel(): boolean {
    return this.#rank === 0 || this.#hops !== undefined || this.#alone;
  }

  /** Rank 0 judges the model, and of the last round whoever is alone. */
  #judges(round: number): boolean {
    return this.#rank === 0 || (this.#alone && round === this.#setup.job.rounds);
  }

  /** Puts down the tick of this moment. @param due the model is to be measured, unless that of this round already is */
  #report(batchLoss: number, due: boolean): void {
    const { host } = this.#setup;
    const round = this.#round;
    const judged = due && this.#judged !== round; // a round that was undone left the same parameters
    if (judged) this.#judged = round;
    if (judged && this.#hops !== undefined && round > this.#start && !this.#alone) {
      host.show(round, Float32Array.from(this.#learner.model()));
    }
    const now = {
      rank: this.#rank,
      epoch: this.#peer.view.epoch,
      members: this.#peer.view.members.length,
      undone: this.#undone,
      round,
      exchanges: this.#exchanges,
      seconds: this.#elapsed(),
      batchLoss,
      totals: this.#peer.meter.totals(),
    };
    this.#reports.push({
      judge: judged && this.#judges(round) ? now : undefined,
      tell: (metrics) => host.tick({ ...now, ...(metrics === undefined ? {} : { metrics }) }),
    });
  }

  /** Tells what can be told by now. @param all every peer has shown its models */
  async #tell(all = false): Promise<void> {
    for (let next = this.#reports[0]; next !== undefined; next = this.#reports[0]) {
      const { judge } = next;
      const lag = judge === undefined || judge.round === this.#start || this.#alone ? 0 : (this.#hops ?? 0);
      if (judge !== undefined && !all && judge.round + lag > this.#round) return;
      next.tell(judge && (await this.#evaluate(judge)));
      this.#reports.shift();
    }
  }

  /** Nobody writes: peers that end are lost, and a gather is over when all others are. */
  async #othersEnd(): Promise<void> {
    const others = this.#peer.view.members.slice(1);
    await this.#peer.gather(others, { kind: "control", round: this.#round });
  }

  /** Rank 0 measures the parameters, outside the time and the ledger of the run. */
  async #evaluate({ round, seconds: at }: { round: number; seconds: number }): Promise<Measured> {
    const { job } = this.#setup;
    const before = this.#elapsed();
    const metrics = await this.#peer.work("evaluate", seconds(0), () => this.#measure(round));
    this.#began = seconds(this.#began + this.#elapsed() - before);
    this.#metrics = metrics;
    this.#firstLoss ??= metrics.loss;
    const { loss } = metrics;
    if (!Number.isFinite(loss) || loss > DIVERGED_AT * Math.max(1, this.#firstLoss)) {
      this.#note = NOTES.diverged;
    } else if (this.#reachedTargetAt === undefined && job.until !== null && reaches(metrics, job.until)) {
      this.#note = NOTES.target;
      this.#reachedTargetAt = { round, seconds: at };
    }
    return metrics;
  }

  async #measure(round: number): Promise<Measured> {
    const { model, data, host, resumed } = this.#setup;
    if (this.#hops === undefined || this.#alone) return model.evaluate(this.#learner.model(), data.test, data.train);
    // All begin with one model, or with models of which the checkpoint holds the mean.
    if (round === this.#start) return model.evaluate(resumed?.params ?? this.#learner.model(), data.test, data.train);
    const models = host.shown(round);
    const mean = meanOf(models);
    return { ...(await model.evaluate(mean, data.test, data.train)), consensus: consensusDistance(models, mean) };
  }

  async #checkpoint(): Promise<void> {
    const state = await this.#peer.work("checkpoint", seconds(0), () => this.#state());
    this.#checkpointed = this.#peer.clock.now();
    this.#reports.push({ judge: undefined, tell: () => this.#setup.host.checkpoint(state) });
  }

  #state(): PeerState {
    return {
      id: this.#peer.id,
      rank: this.#rank,
      members: this.#peer.view.members.length,
      round: this.#round,
      params: this.#keepsModel ? Float32Array.from(this.#trainee.params) : null,
      learner: this.#learner.save(),
    };
  }

  #elapsed(): number {
    return this.#peer.clock.now() - this.#began;
  }
}

export function reaches(metrics: Measured, target: Target): boolean {
  if (target.metric === "loss") return metrics.loss <= target.value;
  return metrics.accuracy !== undefined && metrics.accuracy >= target.value;
}

/** The last workers may be told to lie. */
function modelOf({ job, model, data }: PeerSetup, worker: number, peer: Peer): Model {
  if (job.byzantine === null) return model;
  const byzantine = parseByzantine(job.byzantine, "job.byzantine");
  if (!isLiar(byzantine, worker, job.peers)) return model;
  const swarm = { workers: job.peers, classes: data.train.classes };
  return lying(model, byzantine, swarm, peer.rng.split(`peer/${peer.id}/lies`));
}

/** @throws {CorruptError} for a note that no peer of this run tells */
function outcomeOf(note: Note): Outcome {
  const outcomes: readonly Outcome[] = ["rounds", "target", "diverged", "interrupted"];
  const outcome = outcomes[note];
  if (outcome === undefined) throw new CorruptError("note of a round", { expected: "0 to 3", got: note });
  return outcome;
}
