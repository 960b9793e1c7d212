/**
 * World: all that the commands touch outside themselves, so that tests can put their own in its place.
 */

import type { Plan } from "../planning/plan.ts";
import type { Experiment } from "../reproduction/experiment.ts";
import type { Reproduced } from "../reproduction/result.ts";
import type { Exported } from "../runs/export.ts";
import type { Inspection } from "../runs/inspect.ts";
import type { Job } from "../runs/job.ts";
import type { JoinChoice, Joining } from "../runs/live-join.ts";
import type { Launching } from "../runs/live-launch.ts";
import type { LiveControls } from "../runs/live-run.ts";
import type { ServeChoice } from "../runs/live-serve.ts";
import type { RunControls, RunResult } from "../runs/result.ts";
import type { Issued, Wanted } from "../runs/swarm-folder.ts";
import type { TicketRecord } from "../runs/ticket-book.ts";
import type { Link } from "../simulation/link.ts";
import type { Ticket } from "../transports/libp2p/ticket.ts";
import type { MonitorAddress } from "./address.ts";
import type { Benchmarks } from "./benchmarks.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Monitor, Pages } from "./monitor-server.ts";

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
  /** A job on the processes of a launcher, of which this is one. */
  launched(job: Job, how: Launching, controls: LiveControls): Promise<RunResult>;
  serve(job: Job, choice: ServeChoice, controls: LiveControls): Promise<RunResult>;
  join(ticket: string, choice: JoinChoice, controls: LiveControls): Promise<Joining>;
  inspect(path: string): Promise<Inspection>;
  /** @param rows that the ONNX file takes at once; default any number */
  exportModel(from: string, to: string, rows?: number): Promise<Exported>;
  /** The job of a run folder or of a checkpoint. */
  jobOf(path: string): Promise<Job>;
  /** Whether a folder holds checkpoints or a result. */
  holdsRun(path: string): Promise<boolean>;
  /** @param shared what all candidates have in common */
  plan(shared: Job, signal: AbortSignal): Promise<Plan>;
  /** The link between this machine and another one; absent where nothing can measure it. */
  measureLink?(host: string): Promise<Link>;
  readonly benchmarks: Benchmarks;
  readonly catalogue: Catalogue;
  readonly reproduction: Reproduction;
  readonly tickets: Tickets;
}

/** Join tickets of a swarm. A folder is the swarm's: its key and the book of its tickets. */
export interface Tickets {
  issue(folder: string, wanted: Wanted): Promise<Issued>;
  /** @param name a serial, or a ticket */
  revoke(folder: string, name: string): Promise<TicketRecord>;
  list(folder: string): Promise<readonly TicketRecord[]>;
  read(text: string): Promise<Ticket>;
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
  /** Serves pages over HTTP. @throws {ConfigError} if the address cannot be listened on */
  openMonitor(address: MonitorAddress, pages: Pages): Promise<Monitor>;
  readonly engines: Engines;
}
