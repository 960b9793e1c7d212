/**
 * Plan: what a round of each candidate costs on a link, and which one comes to a target first.
 *
 *     time to the target = rounds × seconds of a round
 *
 * The seconds are measured in virtual time. The rounds are measured by a pilot, or they are those of `sgd` times a ratio that
 * was measured elsewhere: then a plan compares times and names none.
 */
import { Aborted, ConfigError } from "../base/errors.ts";
import { checkJob, type Job, optionsOf } from "../runs/job.ts";
import type { RunResult } from "../runs/result.ts";
import { openJobModel, openSetting } from "../runs/setting.ts";
import { CANDIDATES, type Candidate } from "./candidates.ts";
import { costOfRound, PARTS, type Part, type RoundCost } from "./rounds.ts";

export interface PlanRow {
  /** With the options that all share. */
  readonly job: Job;
  readonly round: RoundCost;
  /** What most of a round's time goes to. */
  readonly bottleneck: Part;
  /** Rounds beside those of sgd, where that was measured: see `REFERENCE`. */
  readonly ratio: number;
  /** `ratio` times the seconds of a round, beside sgd's. An estimate. */
  readonly relative: number;
}

export interface Plan {
  /** Of the model. */
  readonly parameters: number;
  /** Most promising first. */
  readonly rows: readonly PlanRow[];
  /** What so many peers or such a model cannot run. */
  readonly left: readonly { readonly recipe: string; readonly why: string }[];
}

/** @param shared what all candidates have in common @throws {ConfigError | DataError | ModelError} {Aborted} */
export async function plan(shared: Job, signal?: AbortSignal): Promise<Plan> {
  const { data, parts } = await openSetting(shared, {}, false);
  const model = await openJobModel(shared, data, () => {});
  const costs: Cost[] = [];
  const left: { recipe: string; why: string }[] = [];
  try {
    checkSize(shared, model.layout.length);
    for (const candidate of CANDIDATES) {
      if (signal?.aborted) throw new Aborted("plan", { expected: "to go on", cause: signal.reason });
      try {
        const job = jobOf(shared, candidate);
        costs.push({ candidate, job, round: await costOfRound(job, { model, data, parts }) });
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        left.push({ recipe: candidate.recipe, why: error.message });
      }
    }
  } finally {
    await model.close();
  }
  return { parameters: model.layout.length, rows: ranked(costs), left };
}

/** Entries of all peers' vectors, of which each peer has several. */
const ENTRIES_MAX = 2 ** 26;

/** @throws {ConfigError} */
function checkSize({ peers }: Job, parameters: number): void {
  if (peers * parameters <= ENTRIES_MAX) return;
  throw new ConfigError("--peers", {
    expected: `at most ${Math.floor(ENTRIES_MAX / parameters)} peers with ${parameters} parameters each`,
    got: peers,
    hint: "All of them live in this process. Plan for fewer, or with a smaller model.",
  });
}

/** Momentum is the recipe's. */
function jobOf(shared: Job, { ratio: _, ...choice }: Candidate): Job {
  const { recipe, compressor, down, momentum, ...common } = optionsOf(shared);
  return checkJob({ ...common, ...choice });
}

interface Cost {
  readonly candidate: Candidate;
  readonly job: Job;
  readonly round: RoundCost;
}

/** The first candidate is what the others are measured by. */
function ranked(costs: readonly Cost[]): PlanRow[] {
  const [first] = costs;
  return costs
    .map(({ candidate: { ratio }, job, round }) => ({
      job,
      round,
      bottleneck: bottleneckOf(round),
      ratio,
      relative: (ratio * round.seconds) / first!.round.seconds,
    }))
    .sort((a, b) => a.relative - b.relative);
}

export const bottleneckOf = ({ parts }: RoundCost): Part => PARTS.reduce((a, b) => (parts[b] > parts[a] ? b : a));

/** Runs of one job by several candidates, ended by the target or by the clock. */
export interface Standing {
  readonly row: PlanRow;
  readonly result: RunResult;
}

/**
 * The one to take: the first at the target, by virtual time. If none came there, the one of least loss at the moment that
 * half of them saw; those that did not come half as far tell too little. @param runs at least one
 */
export function bestOf(runs: readonly Standing[]): Standing {
  const arrived = runs.filter(({ result }) => result.reachedTargetAtSeconds !== null);
  if (arrived.length > 0) return least(arrived, ({ result }) => result.reachedTargetAtSeconds!);
  const lasts = runs.map(lastOf).sort((a, b) => a - b);
  const moment = lasts[lasts.length >> 1]!;
  const telling = runs.filter((run) => lastOf(run) >= moment / 2);
  return least(telling, ({ result }) => lossAt(result, moment));
}

/** Virtual time of the last evaluation. */
const lastOf = ({ result }: Standing): number => result.curve.at(-1)?.seconds ?? 0;

/** The loss of the last evaluation up to a moment; infinite without one. */
const lossAt = ({ curve }: RunResult, moment: number): number =>
  curve.findLast(({ seconds }) => seconds <= moment)?.loss ?? Number.POSITIVE_INFINITY;

const least = <T>(all: readonly T[], value: (one: T) => number): T =>
  all.reduce((a, b) => (value(b) < value(a) ? b : a));
