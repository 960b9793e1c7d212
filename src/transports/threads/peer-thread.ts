/**
 * The life of one worker with one program, seen from the thread that started it: its program runs, returns or fails, and
 * then the thread ends; or the thread ends without a word.
 */
import { PeerLost } from "../../base/errors.ts";
import type { Seconds } from "../../base/units.ts";
import type { PeerId } from "../../ports/view.ts";
import { type CrossedError, rebuildError } from "./crossed-error.ts";
import { Outcome } from "./outcome.ts";
import type { FromWorker, Start, Word } from "./protocol.ts";
import { WorkerThread } from "./worker-thread.ts";

export class PeerThread<T> {
  readonly id: PeerId;
  /** Why others lose this peer, for their errors. */
  why = "its program has ended";
  readonly #program = new Outcome<T>();
  readonly #thread: WorkerThread;

  constructor(entry: URL, start: Start, grace: Seconds, hear: (message: FromWorker) => void) {
    this.id = start.id;
    this.#thread = new WorkerThread({
      name: `peer ${start.id}`,
      entry,
      start,
      grace,
      hear: (message) => {
        // The result is what this run's program returned.
        if (message.type === "done") this.#returned(message.result as T);
        else if (message.type === "failed") this.#failed(rebuildError(message.error));
        else hear(message);
      },
      failed: (error) => this.#failed(error),
      exited: (code) => this.#exited(code),
      overdue: (error) => {
        if (this.#program.known) process.emitWarning(error.message);
        this.#program.reject(error);
      },
    });
  }

  /** How the program ended. Known before the thread is gone. */
  get outcome(): Promise<PromiseSettledResult<T>> {
    return this.#program.settled;
  }

  /** The thread has ended, or was given up. */
  get gone(): Promise<void> {
    return this.#thread.gone;
  }

  /** @returns whether the worker is there to take it */
  mail(from: PeerId, frame: Uint8Array, due?: Seconds): boolean {
    if (this.#program.known) return false;
    this.#thread.mail(from, frame, due);
    return true;
  }

  tell(message: Word): void {
    if (!this.#program.known) this.#thread.tell(message);
  }

  /** Asks the program to end; it has the time of grace for it. */
  abort(reason: CrossedError): void {
    if (this.#program.known) return;
    this.#thread.tell({ type: "abort", reason });
    this.#thread.expectEnd("an abort");
  }

  #returned(result: T): void {
    this.#program.resolve(result);
    this.#thread.expectEnd("its program returned");
  }

  #failed(error: unknown): void {
    this.why = `its program failed: ${error instanceof Error ? error.message : String(error)}`;
    this.#program.reject(error);
    this.#thread.expectEnd("its program failed");
  }

  #exited(code: number): void {
    if (this.#program.known) return;
    this.why = `its thread exited with code ${code}`;
    this.#program.reject(new PeerLost(`peer ${this.id}`, { expected: "a result of its program", got: this.why }));
  }
}
