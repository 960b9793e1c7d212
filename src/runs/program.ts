/**
 * The training program of one peer: local step → exchange → apply → report, round after round. It runs unchanged in the
 * simulator, on worker threads and between machines; all its awaits are calls of the Peer port.
 *
 * Where members come and go, a peer that lost another, or hears of a new view between two rounds, enters that view, agrees
 * with its members on the round to go on from, hands its state to those who lack it, and goes on (`regroup.ts`).
 */
import { Aborted, CorruptError, PeerLost } from "../base/errors.ts";
import { type Seconds, seconds } from "../base/units.ts";
import type { Note } from "../patterns/pattern.ts";
import type { Peer } from "../ports/peer.ts";
import type { Learner, StepReport, Trainee } from "../recipes/method.ts";
import { conclude } from "../rounds/conclusion.ts";
import { expelling, ReadingPeer } from "../rounds/reading-peer.ts";
import { Course, type Participant } from "./course.ts";
import { NOTES, type PeerOutcome, type PeerSetup } from "./host.ts";
import { sumOf, totalsOf } from "./ledger.ts";
import { wholeModel } from "./own-models.ts";
import { Pacing } from "./pacing/pacing.ts";
import { TimedPeer } from "./pacing/timed-peer.ts";
import { regroup } from "./regroup.ts";
import { Reports } from "./reports.ts";
import type { Outcome, PeerState, Totals } from "./result.ts";
import { readTotals, writeTotals } from "./totals.ts";
import { traineeOf } from "./trainee.ts";

export const trainPeer = (peer: Peer, setup: PeerSetup): Promise<PeerOutcome> => new PeerRun(peer, setup).run();

class PeerRun {
  readonly #peer: Peer;
  readonly #setup: PeerSetup;
  readonly #trainee: Trainee;
  readonly #learner: Learner;
  readonly #pacing: Pacing | undefined;
  readonly #course: Course;
  readonly #own: Participant;
  readonly #reports: Reports;
  /** Whether members come and go. */
  readonly #elastic: boolean;
  #checkpointed: Seconds;

  constructor(given: Peer, setup: PeerSetup) {
    const { method, resumed, begins = "together" } = setup;
    const peer = setup.settings.elastic ? new ReadingPeer(given) : given;
    const timed = setup.dials && new TimedPeer(peer);
    this.#peer = peer;
    this.#setup = setup;
    this.#elastic = setup.settings.elastic ?? false;
    this.#pacing = timed && setup.dials && new Pacing(timed, setup.dials);
    this.#trainee = traineeOf(timed ?? peer, setup);
    this.#learner = method.open(this.#trainee);
    if (resumed?.learner !== undefined && !resumed.wiresAnew) this.#learner.restore(resumed.learner);
    this.#course = new Course(peer, method, resumed?.round ?? 0, begins !== "joining");
    const { localTensors } = this.#trainee;
    this.#own = { peer, setup, learner: this.#learner, course: this.#course, localTensors };
    this.#reports = new Reports(this.#own);
    this.#checkpointed = peer.clock.now();
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
    const { job, host, begins = "together" } = this.#setup;
    const course = this.#course;
    const reports = this.#reports;
    if (begins !== "together" && !(await regroup(this.#own, true))) return this.#tooLate();
    course.start = course.round;
    if (begins !== "joining") reports.put(Number.NaN, true);
    await reports.tell();
    let heard: Note = NOTES.goOn;
    for (;;) {
      if (heard !== NOTES.goOn || course.round >= job.rounds) {
        if (await this.#concludes()) return this.#outcome(heard);
        heard = NOTES.goOn;
        continue;
      }
      if (host.leaves?.() === true) return await this.#leave();
      const report = await this.#step();
      if (report === undefined) continue;
      course.exchanges += 1;
      heard = report.note;
      if (heard === NOTES.goOn) await this.#pace();
      if (heard === NOTES.goOn) course.round += 1;
      else course.round = report.at ?? course.round;
      await this.#after(report, heard);
    }
  }

  /** One round; undefined if membership changed, and it is to be made again. */
  async #step(): Promise<StepReport | undefined> {
    const course = this.#course;
    const { round: number, attempt } = course;
    if (this.#elastic && (this.#peer.outdated || this.#peer.view.workers.length === 0)) {
      await regroup(this.#own);
      return undefined;
    }
    try {
      this.#pacing?.begin();
      const report = await expelling(this.#peer, () => this.#learner.step({ number, attempt }, this.#noteToTell()));
      course.attempt = 0;
      return report;
    } catch (error) {
      if (!this.#elastic || !(error instanceof PeerLost)) throw error;
      await regroup(this.#own);
      if (course.round === number) course.undone += 1;
      return undefined;
    }
  }

  /** What rank 0 has to say with the next round; the others are silent. */
  #noteToTell(): Note {
    if (this.#course.rank !== 0) return NOTES.goOn;
    return this.#setup.host.stopRequested() ? NOTES.interrupted : this.#reports.verdict;
  }

  /** Turns the dials of this peer's compressors, where its wire says so. */
  async #pace(): Promise<void> {
    for (const decision of (await this.#pacing?.end(this.#course.round)) ?? []) this.#setup.host.decided?.(decision);
  }

  /** Reports a round, and hands in a checkpoint if one is due. */
  async #after({ loss }: StepReport, heard: Note): Promise<void> {
    const { job } = this.#setup;
    const { round, start, hops, rank } = this.#course;
    const last = heard !== NOTES.goOn || round === job.rounds;
    this.#reports.put(loss, last || round % job.evalEvery === 0);
    const due = this.#checkpointDue();
    const again = due && heard !== NOTES.goOn && round > start; // it was handed in before the undone round
    if ((last || due) && !again && heard !== NOTES.diverged) await this.#checkpoint();
    if (last && !this.#elastic && hops !== undefined && rank === 0) await this.#othersEnd();
    if (!last || !this.#elastic) await this.#reports.tell(last);
  }

  #checkpointDue(): boolean {
    const { checkpointEvery, checkpointSeconds = seconds(0) } = this.#setup.host;
    if (checkpointEvery > 0 && this.#course.round % checkpointEvery === 0) return true;
    return checkpointSeconds > 0 && this.#peer.clock.now() - this.#checkpointed >= checkpointSeconds;
  }

  async #checkpoint(): Promise<void> {
    this.#reports.keep(await this.#peer.work("checkpoint", seconds(0), () => this.#state()));
    this.#checkpointed = this.#peer.clock.now();
  }

  #state(): PeerState {
    const { round, rank } = this.#course;
    return {
      id: this.#peer.id,
      rank,
      members: this.#peer.view.members.length,
      round,
      params: this.#keepsModel ? wholeModel(this.#trainee.params, this.#trainee.localTensors) : null,
      learner: this.#learner.save(),
    };
  }

  /** Nobody writes: peers that end are lost, and a gather is over when all others are. */
  async #othersEnd(): Promise<void> {
    const others = this.#peer.view.members.slice(1);
    await this.#peer.gather(others, { kind: "control", round: this.#course.round });
  }

  /** Leaves between two rounds; the others go on. */
  async #leave(): Promise<PeerOutcome> {
    await this.#checkpoint();
    await this.#reports.tell(true);
    return this.#outcome(NOTES.interrupted);
  }

  /** Leaves while it waits for the others: the round in flight is undone here, wherever it may have been decided. */
  #leaveWaiting(): PeerOutcome {
    if (!this.#course.veteran) return this.#tooLate();
    this.#learner.settle(this.#course.round);
    this.#setup.host.checkpoint(this.#state());
    return this.#outcome(NOTES.interrupted);
  }

  /** Whether all members are done; else membership changed, and there may be rounds to make. */
  async #concludes(): Promise<boolean> {
    if (!this.#elastic) return true;
    if (!this.#peer.outdated && (await this.#concluded())) {
      await this.#reports.tell(true);
      return true;
    }
    const served = this.#course.rank === 0;
    await regroup(this.#own);
    if (this.#course.rank === 0 && !served) {
      this.#reports.putAgain();
      await this.#reports.tell(); // of this model: another round may follow
    }
    return false;
  }

  async #concluded(): Promise<boolean> {
    const { host } = this.#setup;
    const peer = this.#peer;
    try {
      if (host.alone) host.concluded?.(await expelling(peer, () => this.#reportTotals()));
      else await expelling(peer, () => conclude(peer, this.#course.round));
      return true;
    } catch (error) {
      if (error instanceof PeerLost) return false;
      throw error;
    }
  }

  /** What all members have spent that are here at the end. */
  async #reportTotals(): Promise<Totals> {
    const { rank, hops, round } = this.#course;
    const own = totalsOf({ totals: this.#peer.meter.totals(), serves: rank === 0 && hops === undefined });
    const add = (sum: Uint8Array, report: Uint8Array) => writeTotals(sumOf(readTotals(sum), readTotals(report)));
    return readTotals(await conclude(this.#peer, round, { own: writeTotals(own), add }));
  }

  /** The run ended before this peer, which had just come, was given its state. */
  #tooLate(): PeerOutcome {
    const { rank, round, elapsed } = this.#course;
    return { rank, outcome: "interrupted", rounds: round, seconds: elapsed };
  }

  #outcome(heard: Note): PeerOutcome {
    const { rank, round, elapsed } = this.#course;
    const { metrics, reachedTargetAt, verdict } = this.#reports;
    return {
      rank,
      outcome: outcomeOf(heard === NOTES.goOn ? verdict : heard),
      rounds: round,
      seconds: elapsed,
      ...(metrics === undefined ? {} : { metrics }),
      ...(reachedTargetAt === undefined ? {} : { reachedTargetAt }),
      ...(this.#keepsModel ? { params: this.#learner.model() } : {}),
    };
  }

  get #keepsModel(): boolean {
    const { rank, hops } = this.#course;
    return rank === 0 || hops !== undefined || this.#setup.host.alone === true;
  }
}

/** @throws {CorruptError} for a note that no peer of this run tells */
function outcomeOf(note: Note): Outcome {
  const outcomes: readonly Outcome[] = ["rounds", "target", "diverged", "interrupted"];
  const outcome = outcomes[note];
  if (outcome === undefined) throw new CorruptError("note of a round", { expected: "0 to 3", got: note });
  return outcome;
}
