/**
 * The programs of a member in a compute worker, so that the thread with the sockets never stands still: one worker, which is
 * ready before the peer is a member, for all stays.
 */
import { Aborted, PeerLost } from "../../base/errors.ts";
import { type Seconds, seconds } from "../../base/units.ts";
import { handBack } from "../threads/blocks.ts";
import { realTime } from "../threads/clock.ts";
import { compact } from "../threads/compact.ts";
import { rebuildError } from "../threads/crossed-error.ts";
import { Outcome } from "../threads/outcome.ts";
import type { FromWorker } from "../threads/protocol.ts";
import { WorkerThread } from "../threads/worker-thread.ts";
import type { PeerMessage, Stay } from "./stay.ts";

export interface LiveWorkerOptions {
  /** The module that the worker runs; it calls `serveStays`. */
  readonly entry: URL;
  /** For all stays: plain data. */
  readonly data?: unknown;
  /** Of the job's randomness, the same at all members. */
  readonly seed: number;
  /** How long a program may go on after its stay has ended, and the thread after it was closed; default 60 s. */
  readonly grace?: Seconds;
  /** Hears what the programs post. */
  readonly onMessage?: (message: unknown) => void;
}

/** What the peer of a stay needs of it. */
export type Hub = Pick<Stay, "id" | "first" | "attach" | "hear">;

export class LiveWorker<T> {
  readonly #options: LiveWorkerOptions;
  readonly #thread: WorkerThread;
  readonly #ready = new Outcome<void>();
  #program: Outcome<T> | undefined;
  #stay: Hub | undefined;
  /** Why the thread serves no other stay. */
  #over: unknown;

  constructor(options: LiveWorkerOptions) {
    const { entry, data, grace = seconds(60) } = options;
    this.#options = options;
    this.#thread = new WorkerThread({
      name: "the peer of a live swarm",
      entry,
      start: compact(data),
      grace,
      hear: (message) => this.#hear(message),
      failed: (error) => this.#fail(error),
      exited: (code) => this.#exited(code),
      overdue: (error) => {
        if (this.#over !== undefined) process.emitWarning(error.message);
        this.#fail(error);
      },
    });
  }

  /** Resolves when the worker can begin a stay; rejects with what kept it from that. */
  async ready(): Promise<void> {
    return resultOf(await this.#ready.settled);
  }

  /**
   * What the program returns as the peer of this stay; it ends with the stay. Leaving the swarm then is the caller's
   * business. One at a time, and once the worker is ready.
   */
  async run(stay: Hub, data?: unknown): Promise<T> {
    const program = new Outcome<T>();
    if (this.#over !== undefined) program.reject(this.#over);
    else this.#begin(program, stay, data);
    return resultOf(await program.settled);
  }

  /** Sends plain data to the programs. */
  post(message: unknown): void {
    if (this.#over === undefined) this.#thread.tell({ type: "post", message: compact(message) });
  }

  /** There will be no other stay. Resolves once the thread has ended, or was given up. */
  async close(): Promise<void> {
    this.#over ??= new Aborted("compute worker", { expected: "to go on", got: "it was closed" });
    this.#thread.tell({ type: "close" });
    this.#thread.expectEnd("it was closed");
    await this.#thread.gone;
  }

  #begin(program: Outcome<T>, stay: Hub, data: unknown): void {
    const { seed } = this.#options;
    const start = { id: stay.id, view: stay.first, seed, began: realTime(), data: compact(data) };
    this.#program = program;
    this.#stay = stay;
    this.#thread.tell({ type: "begin", start });
    stay.attach((message) => this.#tell(program, message));
  }

  #tell(program: Outcome<T>, message: PeerMessage): void {
    if (program.known) {
      if (message.type === "mail") handBack(message.frame);
    } else if (message.type === "mail") {
      this.#thread.mail(message.from, message.frame);
    } else {
      this.#thread.tell(message);
      if (message.type === "abort") this.#thread.expectEnd("its stay was over");
    }
  }

  #hear(message: FromWorker): void {
    if (message.type === "ready") this.#ready.resolve();
    else if (message.type === "done")
      this.#ended()?.resolve(message.result as T); // what the program of this stay returned
    else if (message.type === "failed") this.#failed(rebuildError(message.error));
    else if (message.type === "post") this.#options.onMessage?.(message.message);
    else this.#stay?.hear(message);
  }

  #ended(): Outcome<T> | undefined {
    const program = this.#program;
    this.#thread.expectNothing();
    this.#program = undefined;
    this.#stay = undefined;
    return program;
  }

  /** A program failed, or what comes before and after all of them. */
  #failed(error: unknown): void {
    const program = this.#ended();
    if (program === undefined) this.#fail(error);
    else program.reject(error);
  }

  /** The thread is of no use any more. */
  #fail(error: unknown): void {
    this.#over ??= error;
    this.#ready.reject(error);
    this.#program?.reject(error);
  }

  #exited(code: number): void {
    this.#fail(
      new PeerLost("compute worker", { expected: "a result of its program", got: `its exit with code ${code}` }),
    );
  }
}

function resultOf<T>(outcome: PromiseSettledResult<T>): T {
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}
