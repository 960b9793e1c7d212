/**
 * A run as the screen sees it: what it has told so far, and how fast it goes.
 */
import type { Metrics } from "../../ports/model.ts";
import type { Outcome, Progress } from "../../runs/result.ts";

export type RunStatus = "waiting" | "running" | "failed" | "skipped" | Outcome;

/** The rate is taken over this much of the recent past. */
const WINDOW_MS = 5000;
const SAMPLE_MS = 100;

const HASH_DIGITS = 12;

export class RunState {
  readonly name: string;
  /** Rounds to do. */
  readonly rounds: number;
  status: RunStatus = "waiting";
  #progress: Progress | undefined;
  #metrics: Metrics | undefined;
  #hashed: { readonly round: number; readonly hash: string } | undefined;
  #samples: { at: number; round: number }[] = [];

  constructor(name: string, rounds: number) {
    this.name = name;
    this.rounds = rounds;
  }

  /** @param now milliseconds */
  start(now: number): void {
    this.status = "running";
    this.#samples = [{ at: now, round: 0 }];
  }

  advance(progress: Progress, now: number): void {
    const sample = { at: now, round: progress.round };
    const last = this.#samples.at(-1);
    if (last === undefined || (this.#progress === undefined && progress.round > 1)) {
      // A continued run begins at a later round: what was done before says nothing about this machine's speed.
      this.#samples = [sample];
    } else if (now - last.at >= SAMPLE_MS) {
      this.#samples.push(sample);
      while (this.#samples.length > 2 && now - this.#samples[0]!.at > WINDOW_MS) this.#samples.shift();
    }
    this.#progress = progress;
    this.#metrics = progress.metrics ?? this.#metrics;
    const { round, paramsHash } = progress;
    if (paramsHash !== undefined) this.#hashed = { round, hash: paramsHash.slice(0, HASH_DIGITS) };
  }

  get round(): number {
    return this.#progress?.round ?? 0;
  }

  /** Virtual or wall. */
  get seconds(): number | undefined {
    return this.#progress?.seconds;
  }

  get bytes(): number | undefined {
    return this.#progress === undefined ? undefined : this.#progress.bytesUp + this.#progress.bytesDown;
  }

  /** Loss on the test set at the last evaluation, or on a mini-batch while there is none. */
  get loss(): number | undefined {
    return this.#metrics?.loss ?? this.#progress?.batchLoss;
  }

  get accuracy(): number | undefined {
    return this.#metrics?.accuracy;
  }

  /** The last hash of the parameters that was told, shortened for people, and after how many rounds they had it. */
  get hashed(): { readonly round: number; readonly hash: string } | undefined {
    return this.#hashed;
  }

  /** Rounds per second of real time, lately; NaN before that is known. */
  get rate(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at === first.at) return Number.NaN;
    return ((last.round - first.round) / (last.at - first.at)) * 1000;
  }

  /** Seconds until all rounds are done; a target may end the run earlier. NaN before that is known. */
  get secondsLeft(): number {
    return this.rate > 0 ? (this.rounds - this.round) / this.rate : Number.NaN;
  }
}

/** What a status is called where a word must do. */
export const STATUS_WORDS: Readonly<Record<RunStatus, string>> = {
  waiting: "waiting",
  running: "running",
  target: "reached",
  rounds: "done",
  interrupted: "stopped",
  diverged: "diverged",
  failed: "failed",
  skipped: "skipped",
};
