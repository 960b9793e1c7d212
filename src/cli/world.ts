/**
 * World: all that the commands touch outside themselves, so that tests can put their own in its place.
 */

import type { Experiment } from "../reproduction/experiment.ts";
import type { Reproduced } from "../reproduction/result.ts";
import type { Inspection } from "../runs/inspect.ts";
import type { Job } from "../runs/job.ts";
import type { RunControls, RunResult } from "../runs/result.ts";
import type { Benchmarks } from "./benchmarks.ts";
import type { Catalogue } from "./catalogue.ts";

/** Where text goes; process.stdout is one. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  on?(event: "resize", listener: () => void): unknown;
  off?(event: "resize", listener: () => void): unknown;
}

/** What trains. Loaded when a command needs it, so that `--help` answers at once. */
export interface Engines {
  train(job: Job, controls: RunControls): Promise<RunResult>;
  simulate(job: Job, controls: RunControls): Promise<RunResult>;
  inspect(path: string): Promise<Inspection>;
  /** The job of a run folder or of a checkpoint. */
  jobOf(path: string): Promise<Job>;
  readonly benchmarks: Benchmarks;
  readonly catalogue: Catalogue;
  readonly reproduction: Reproduction;
}

/** What reproduces published results. */
export interface Reproduction {
  experiments(): Promise<ReadonlyMap<string, Experiment>>;
  /** How many experiments may run side by side. */
  readonly threads: number;
  /** @param folder of the data files @throws {Aborted} */
  run(experiment: Experiment, folder: string, signal: AbortSignal): Promise<Reproduced>;
  /** SVG to PNG; undefined where that is not installed. */
  rasteriser(): Promise<((svg: string) => Uint8Array) | undefined>;
}

export interface World {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** The wall clock; it names run folders. */
  today(): Date;
  /** Runs `action` once, later; the function returned calls it off. */
  schedule(ms: number, action: () => void): () => void;
  /** Hears of every Ctrl-C until the function returned is called. */
  onInterrupt(listener: () => void): () => void;
  /** Writes a whole file or nothing. */
  writeFile(path: string, content: string | Uint8Array): Promise<void>;
  /** The text of a file; undefined if there is none. */
  readFile(path: string): Promise<string | undefined>;
  exists(path: string): Promise<boolean>;
  readonly engines: Engines;
}
