/**
 * One worker, seen from the thread that started it: what is told to it, what it tells, and that it ends. It is never terminated,
 * for that would take down the process while the worker is inside a native call.
 */
import { Worker } from "node:worker_threads";
import { DeadlineError } from "../../base/errors.ts";
import { formatSeconds, type Seconds } from "../../base/units.ts";
import type { PeerId } from "../../ports/view.ts";
import { transferOf } from "./blocks.ts";
import type { Crossing, FromWorker, ToWorker, Word } from "./protocol.ts";
import { Acquaintances, Introductions } from "./references.ts";

export interface WorkerThreadOptions {
  /** For people: whose thread it is. */
  readonly name: string;
  /** The module that it runs. */
  readonly entry: URL;
  /** What that module begins with: plain data. */
  readonly start: unknown;
  /** How long it may go on once it is to end. */
  readonly grace: Seconds;
  hear(message: FromWorker): void;
  /** It threw outside of any program. */
  failed(error: unknown): void;
  exited(code: number): void;
  /** It did not end in time, and is given up: the run goes on without it, the end of the process ends it. */
  overdue(error: DeadlineError): void;
}

export class WorkerThread {
  /** The thread has ended, or was given up. */
  readonly gone: Promise<void>;
  readonly #options: WorkerThreadOptions;
  readonly #worker: Worker;
  #outbound = new Introductions();
  #inbound = new Acquaintances();
  #leave: () => void = () => {};
  #patience: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: WorkerThreadOptions) {
    const { entry, start, name } = options;
    this.#options = options;
    this.gone = new Promise((resolve) => {
      this.#leave = resolve;
    });
    this.#worker = new Worker(entry, { workerData: start, name, ...(readsText ? { execArgv: [] } : {}) });
    this.#worker.on("message", (message: Crossing<FromWorker>) => {
      if (message.type === "mail") options.hear({ ...message, frame: this.#inbound.resolve(message.frame) });
      else options.hear(message);
    });
    this.#worker.on("error", (error) => options.failed(error));
    this.#worker.on("exit", (code) => {
      this.expectNothing();
      this.#ended = true;
      options.exited(code);
      this.#leave();
    });
  }

  mail(from: PeerId, frame: Uint8Array, due?: Seconds): void {
    const reference = this.#outbound.refer(frame);
    const message: Crossing<ToWorker> = { type: "mail", from, frame: reference, ...(due !== undefined && { due }) };
    this.#worker.postMessage(message, transferOf(frame));
  }

  tell(message: Word): void {
    if (message.type === "begin") this.#forgetBlocks();
    this.#worker.postMessage(message);
  }

  /** The thread ends within the time of grace, or is given up. */
  expectEnd(since: string): void {
    this.expectNothing();
    if (this.#ended) return;
    const { grace, name, overdue } = this.#options;
    this.#patience = setTimeout(() => {
      const error = new DeadlineError(`thread of ${name}`, {
        expected: `its end within ${formatSeconds(grace)} after ${since}`,
        got: "a thread still at work",
        hint: "A native call that never returns, or a timer or handle left open, keeps it alive.",
      });
      overdue(error);
      this.#worker.unref();
      this.#leave();
    }, grace * 1000);
  }

  /** It may go on. */
  expectNothing(): void {
    clearTimeout(this.#patience);
  }

  /** Those of a peer that has ended: the worker does the same. */
  #forgetBlocks(): void {
    this.#outbound = new Introductions();
    this.#inbound = new Acquaintances();
  }
}

/** Workers inherit this process's flags, but a program given as text has one that no file accepts. */
const readsText = process.execArgv.some((flag) => flag.startsWith("--input-type"));
