/**
 * What a peer tells its host, in the order of rounds: ticks, and states to keep. A report of which something is measured
 * holds up those behind it: where models differ, the mean of all is known some rounds later.
 */
import { seconds } from "../base/units.ts";
import type { Note } from "../patterns/pattern.ts";
import type { Participant } from "./course.ts";
import { NOTES } from "./host.ts";
import type { Target } from "./job.ts";
import { consensusDistance, meanOf } from "./mean-model.ts";
import { honest, judgeOwnModels, type Owner } from "./own-models.ts";
import { paramsHash } from "./params-hash.ts";
import type { Measured, PeerState } from "./result.ts";

/** A loss this many times the first one means that the run diverged. */
const DIVERGED_AT = 20;

/** When a model is measured. */
interface Moment {
  readonly round: number;
  readonly seconds: number;
}

interface Report {
  /** What is measured first: the model of that moment. */
  readonly judge: Moment | undefined;
  /** Told with it: the hash of the parameters, which others have as well. */
  readonly hashes?: boolean;
  tell(metrics: Measured | undefined, hash?: string): void;
}

export class Reports {
  readonly #own: Participant;
  readonly #waiting: Report[] = [];
  /** The last round whose model is measured, or will be. */
  #judged = -1;
  #firstLoss: number | undefined;
  #metrics: Measured | undefined;
  #reachedTargetAt: Moment | undefined;
  #verdict: Note = NOTES.goOn;

  constructor(own: Participant) {
    this.#own = own;
  }

  /** What the last measured model says of the run. */
  get verdict(): Note {
    return this.#verdict;
  }

  get metrics(): Measured | undefined {
    return this.#metrics;
  }

  get reachedTargetAt(): Moment | undefined {
    return this.#reachedTargetAt;
  }

  /** Puts down the tick of this moment. @param due the model is to be measured, unless that of this round already is */
  put(batchLoss: number, due: boolean): void {
    const { peer, setup, learner, course } = this.#own;
    const { host } = setup;
    const { rank, round, undone, exchanges } = course;
    const judged = due && this.#judged !== round; // a round that was undone left the same parameters
    if (judged) this.#judged = round;
    if (judged && course.hops !== undefined && round > course.start && !host.alone) {
      host.show(round, Float32Array.from(learner.model()));
    }
    const { epoch, members } = peer.view;
    const totals = peer.meter.totals();
    const now = {
      ...{ rank, epoch, members: members.length, undone, round, exchanges, batchLoss, totals },
      seconds: course.elapsed,
    };
    this.#waiting.push({
      judge: judged && this.#judges(round) ? now : undefined,
      hashes: judged && host.alone === true && course.hops === undefined,
      tell: (metrics, hash) => host.tick({ ...now, ...(metrics && { metrics }), ...(hash && { paramsHash: hash }) }),
    });
  }

  /** Puts down the model of this moment once more: whoever would have told of it is gone. */
  putAgain(): void {
    this.#judged = -1;
    this.put(Number.NaN, true);
  }

  /** Hands in a state, behind the ticks before it. */
  keep(state: PeerState): void {
    this.#waiting.push({ judge: undefined, tell: () => this.#own.setup.host.checkpoint(state) });
  }

  /** Tells what can be told by now. @param all every peer has shown its models */
  async tell(all = false): Promise<void> {
    const { course, setup, localTensors } = this.#own;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const { judge } = next;
      const lag = judge === undefined || judge.round === course.start || setup.host.alone ? 0 : (course.hops ?? 0);
      if (judge !== undefined && !all && judge.round + lag > course.round) return;
      next.tell(judge && (await this.#evaluate(judge)), next.hashes === true ? await this.#hash() : undefined);
      this.#waiting.shift();
    }
    if (course.rank !== 0 || localTensors === undefined) return;
    setup.host.kept?.(this.#waiting[0]?.judge?.round ?? course.round); // older ones are forgotten
  }

  /** Of what all have in common. */
  #hash(): Promise<string> {
    const { peer, course, learner } = this.#own;
    return course.apart(() => peer.work("hash", seconds(0), () => paramsHash(learner.model())));
  }

  /** Rank 0 judges the model, and of the last round whoever is alone. */
  #judges(round: number): boolean {
    const { course, setup } = this.#own;
    return course.rank === 0 || (setup.host.alone === true && round === setup.job.rounds);
  }

  /** Measures parameters, outside the time and the ledger of the run. */
  async #evaluate({ round, seconds: at }: Moment): Promise<Measured> {
    const { peer, course, setup } = this.#own;
    const metrics = await course.apart(() => peer.work("evaluate", seconds(0), () => this.#measure(round)));
    this.#metrics = metrics;
    this.#firstLoss ??= metrics.loss;
    const { loss } = metrics;
    const { until } = setup.job;
    if (!Number.isFinite(loss) || loss > DIVERGED_AT * Math.max(1, this.#firstLoss)) {
      this.#verdict = NOTES.diverged;
    } else if (this.#reachedTargetAt === undefined && until !== null && reaches(metrics, until)) {
      this.#verdict = NOTES.target;
      this.#reachedTargetAt = { round, seconds: at };
    }
    return metrics;
  }

  async #measure(round: number): Promise<Measured> {
    const { learner, course, setup } = this.#own;
    const { host } = setup;
    if (course.hops === undefined || host.alone) return this.#judge(learner.model(), round);
    if (round === course.start) return this.#judge(this.#beginning(), round);
    const models = host.shown(round);
    const mean = meanOf(models);
    return { ...(await this.#judge(mean, round)), consensus: consensusDistance(models, mean) };
  }

  /** All begin with one model, or with models of which the checkpoint holds the mean. */
  #beginning(): Float32Array {
    const { learner, setup, localTensors } = this.#own;
    const saved = setup.resumed?.params;
    return (saved && localTensors?.split.sharedOf(saved)) ?? saved ?? learner.model();
  }

  /** Where peers keep tensors to themselves: the mean over every honest worker's own model, of these and what is shared. */
  #judge(shared: Float32Array, round: number): Promise<Measured> {
    const { peer, setup, localTensors } = this.#own;
    const { job, model, data, host, parts, roster, place } = setup;
    if (localTensors === undefined) return model.evaluate(shared, data.test, data.train);
    const { split, values, initial } = localTensors;
    const owner = (tensors: Float32Array, worker: number): Owner => ({ tensors, rows: parts[worker] });
    if (host.alone) return judgeOwnModels(shared, [owner(values, place ?? -1)], split, data, model);
    const kept = host.kept?.(round);
    const judged = honest(job, peer.view.workers, (id) => id);
    const owners = judged.map((id) => owner(kept?.get(id) ?? initial, roster.workers.indexOf(id)));
    return judgeOwnModels(shared, owners, split, data, model);
  }
}

export function reaches(metrics: Measured, target: Target): boolean {
  if (target.metric === "loss") return metrics.loss <= target.value;
  return metrics.accuracy !== undefined && metrics.accuracy >= target.value;
}
