/**
 * The life of one worker, seen from the thread that started it: its program runs, returns or fails, and then the thread
 * ends; or the thread ends without a word.
 */
import { Worker } from "node:worker_threads";
import { DeadlineError, PeerLost } from "../../base/errors.ts";
import { formatSeconds, type Seconds } from "../../base/units.ts";
import type { PeerId } from "../../ports/view.ts";
import { transferOf } from "./blocks.ts";
import { type CrossedError, rebuildError } from "./crossed-error.ts";
import type { Crossing, FromWorker, Start, ToWorker } from "./protocol.ts";
import { Acquaintances, Introductions } from "./references.ts";

export class PeerThread<T> {
  readonly id: PeerId;
  /** How the program ended. Known before the thread is gone. */
  readonly outcome: Promise<PromiseSettledResult<T>>;
  /** The thread has ended, or was given up. */
  readonly gone: Promise<void>;
  /** Why others lose this peer, for their errors. */
  why = "its program has ended";
  readonly #worker: Worker;
  readonly #grace: Seconds;
  readonly #outbound = new Introductions();
  readonly #inbound = new Acquaintances();
  #decide: (outcome: PromiseSettledResult<T>) => void = () => {};
  #decided = false;
  #leave: () => void = () => {};
  #patience: NodeJS.Timeout | undefined;

  constructor(entry: URL, start: Start, grace: Seconds, hear: (message: FromWorker) => void) {
    this.id = start.id;
    this.#grace = grace;
    this.outcome = new Promise((resolve) => {
      this.#decide = resolve;
    });
    this.gone = new Promise((resolve) => {
      this.#leave = resolve;
    });
    this.#worker = new Worker(entry, {
      workerData: start,
      name: `peer ${start.id}`,
      ...(readsText ? { execArgv: [] } : {}),
    });
    this.#worker.on("message", (message: Crossing<FromWorker>) => {
      // The result is what this run's program returned.
      if (message.type === "done") this.#returned(message.result as T);
      else if (message.type === "failed") this.#failed(rebuildError(message.error));
      else if (message.type === "mail") hear({ ...message, frame: this.#inbound.resolve(message.frame) });
      else hear(message);
    });
    this.#worker.on("error", (error) => this.#failed(error));
    this.#worker.on("exit", (code) => this.#exited(code));
  }

  /** @returns whether the worker is there to take it */
  mail(from: PeerId, frame: Uint8Array, due?: Seconds): boolean {
    if (this.#decided) return false;
    const reference = this.#outbound.refer(frame);
    const message: Crossing<ToWorker> = { type: "mail", from, frame: reference, ...(due !== undefined && { due }) };
    this.#worker.postMessage(message, transferOf(frame));
    return true;
  }

  tell(message: ToWorker): void {
    if (!this.#decided) this.#worker.postMessage(message);
  }

  /** Asks the program to end; it has the time of grace for it. */
  abort(reason: CrossedError): void {
    if (this.#decided) return;
    this.#worker.postMessage({ type: "abort", reason } satisfies ToWorker);
    this.#expectEnd("an abort");
  }

  #returned(result: T): void {
    this.#settle({ status: "fulfilled", value: result });
    this.#expectEnd("its program returned");
  }

  #failed(error: unknown): void {
    this.why = `its program failed: ${error instanceof Error ? error.message : String(error)}`;
    this.#settle({ status: "rejected", reason: error });
    this.#expectEnd("its program failed");
  }

  #exited(code: number): void {
    clearTimeout(this.#patience);
    if (!this.#decided) {
      this.why = `its thread exited with code ${code}`;
      const reason = new PeerLost(`peer ${this.id}`, { expected: "a result of its program", got: this.why });
      this.#settle({ status: "rejected", reason });
    }
    this.#leave();
  }

  #settle(outcome: PromiseSettledResult<T>): void {
    this.#decided = true;
    this.#decide(outcome);
  }

  /** A thread that does not end in time is given up: the run goes on without it, the end of the process ends it. */
  #expectEnd(since: string): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      const error = new DeadlineError(`thread of peer ${this.id}`, {
        expected: `its end within ${formatSeconds(this.#grace)} after ${since}`,
        got: "a thread still at work",
        hint: "A native call that never returns, or a timer or handle left open, keeps it alive.",
      });
      if (this.#decided) process.emitWarning(error.message);
      this.#settle({ status: "rejected", reason: error });
      this.#worker.unref();
      this.#leave();
    }, this.#grace * 1000);
  }
}

/** Workers inherit this process's flags, but a program given as text has one that no file accepts. */
const readsText = process.execArgv.some((flag) => flag.startsWith("--input-type"));
