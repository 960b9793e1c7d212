/**
 * A run on threads, seen from the thread that starts it: one compute worker per peer, frames passed on between them,
 * paced as on real wires. This thread looks at no body and never blocks for longer than a fraction of a millisecond.
 */
import { Aborted, PeerLost } from "../../base/errors.ts";
import { type Seconds, seconds } from "../../base/units.ts";
import type { PeerId, View } from "../../ports/view.ts";
import type { Link } from "../../simulation/link.ts";
import { handBack } from "./blocks.ts";
import { realTime } from "./clock.ts";
import { compact } from "./compact.ts";
import { crossError } from "./crossed-error.ts";
import { PeerThread } from "./peer-thread.ts";
import type { Drop, FromWorker, Word } from "./protocol.ts";
import { pacedRouter, type Router, unpacedRouter } from "./router.ts";

export interface ThreadsOptions {
  /** The module that every worker runs; it calls `servePeer`. See `siblingEntry`. */
  readonly entry: URL;
  /** For the programs: plain data. Shared memory is shared, all else is copied for each worker. */
  readonly data?: unknown;
  readonly view: View;
  /** Of the job's randomness. */
  readonly seed: number;
  /** Of all peers, or of each; default: frames are passed on at once. */
  readonly link?: Link | ((id: PeerId) => Link);
  /** Stops the run: every wait of every peer rejects with `Aborted`, and the programs end by themselves. */
  readonly signal?: AbortSignal;
  /** How long a thread may go on after an abort, or after its program ended, before it is given up; default 60 s. */
  readonly grace?: Seconds;
  /** Hears of frames that came to a worker and were not kept. */
  readonly onDrop?: (drop: Drop) => void;
  /** For tests: sees each frame before it is passed on, and may damage it. */
  readonly tamper?: (frame: Uint8Array, from: PeerId, to: PeerId) => void;
}

export interface Swarm<T> {
  /**
   * The programs' results in rank order, once every thread has ended. Rejects, then too, with the error of the program
   * that failed first; errors that only follow from another peer's end (`PeerLost`, `Aborted`) come last.
   */
  readonly done: Promise<readonly T[]>;
  /** What became of each program, in rank order; never rejects. */
  readonly settled: Promise<readonly PromiseSettledResult<T>[]>;
  /** Sends plain data to the program of a peer; without effect when it has ended. */
  post(id: PeerId, message: unknown): void;
  /** Called with what programs post. One listener. */
  onMessage(listener: (id: PeerId, message: unknown) => void): void;
}

/**
 * Starts the run. Nothing has happened yet when it returns. A worker is never terminated: that would take down the
 * process while the worker is inside a native call. A peer that ends, for whatever reason, is lost to the others once
 * its mail has reached them.
 * @throws {ConfigError} if a link is none
 */
export function startThreads<T>(options: ThreadsOptions): Swarm<T> {
  return new ThreadSwarm<T>(options);
}

const GRACE = seconds(60);

class ThreadSwarm<T> implements Swarm<T> {
  readonly done: Promise<readonly T[]>;
  readonly settled: Promise<readonly PromiseSettledResult<T>[]>;
  readonly #options: ThreadsOptions;
  readonly #threads: ReadonlyMap<PeerId, PeerThread<T>>;
  readonly #router: Router;
  readonly #failures: unknown[] = [];
  /** Who has not said yet that it is there. */
  readonly #absent: Set<PeerId>;
  #together = false;
  #listener: (id: PeerId, message: unknown) => void = () => {};

  constructor(options: ThreadsOptions) {
    this.#options = options;
    this.#absent = new Set(options.view.members);
    const { view, link, entry, seed, signal } = options;
    const router = link === undefined ? unpacedRouter : pacedRouter(view.members, link);
    this.#router = router({
      passOn: (from, to, frame, due) => this.#passOn(from, to, frame, due),
      room: (id, count) => this.#tell(id, { type: "room", bytes: count }),
      flushed: (id) => this.#tell(id, { type: "flushed" }),
      cleared: (id) => this.#announce(id),
    });
    const data = compact(options.data);
    const began = realTime();
    const open = (id: PeerId) =>
      new PeerThread<T>(entry, { id, view, seed, began, data }, options.grace ?? GRACE, (message) =>
        this.#hear(id, message),
      );
    this.#threads = new Map(signal?.aborted ? [] : view.members.map((id) => [id, open(id)]));
    for (const thread of this.#threads.values()) void thread.outcome.then((outcome) => this.#ended(thread.id, outcome));
    this.settled = this.#untilAllEnd();
    this.done = this.#allOrFirstFailure();
    this.done.catch(() => {}); // a caller may look at `settled` alone
  }

  post(id: PeerId, message: unknown): void {
    this.#tell(id, { type: "post", message: compact(message) });
  }

  onMessage(listener: (id: PeerId, message: unknown) => void): void {
    this.#listener = listener;
  }

  async #untilAllEnd(): Promise<readonly PromiseSettledResult<T>[]> {
    const { signal, view } = this.#options;
    if (signal?.aborted) return view.members.map((id) => this.#neverStarted(id, signal.reason));
    const abort = () => {
      const reason = crossError(signal?.reason);
      for (const thread of this.#threads.values()) thread.abort(reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const threads = [...this.#threads.values()];
      const outcomes = await Promise.all(threads.map((thread) => thread.outcome));
      await Promise.all(threads.map((thread) => thread.gone));
      return outcomes;
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#router.close();
    }
  }

  async #allOrFirstFailure(): Promise<readonly T[]> {
    const outcomes = await this.settled;
    if (this.#failures.length > 0) throw this.#failures.find(isRoot) ?? this.#failures[0];
    return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  }

  #neverStarted(id: PeerId, cause: unknown): PromiseRejectedResult {
    const reason = new Aborted(`peer ${id}`, { expected: "a run to begin", got: "an abort", cause });
    this.#failures.push(reason);
    return { status: "rejected", reason };
  }

  #hear(id: PeerId, message: FromWorker): void {
    if (message.type === "mail") this.#router.send(id, message.to, message.frame, message.at);
    else if (message.type === "flush") this.#router.flush(id);
    else if (message.type === "there") this.#isThere(id);
    else if (message.type === "post") this.#listener(id, message.message);
    else if (message.type === "drop") this.#options.onDrop?.(message.drop);
  }

  #passOn(from: PeerId, to: PeerId, frame: Uint8Array, due?: Seconds): void {
    this.#options.tamper?.(frame, from, to);
    const thread = this.#threads.get(to);
    if (!thread?.mail(from, frame, due)) handBack(frame);
  }

  #tell(id: PeerId, message: Word): void {
    this.#threads.get(id)?.tell(message);
  }

  #ended(id: PeerId, outcome: PromiseSettledResult<T>): void {
    if (outcome.status === "rejected") this.#failures.push(outcome.reason);
    this.#router.end(id);
    this.#isThere(id);
  }

  /** Nobody waits for a peer that has ended. */
  #isThere(id: PeerId): void {
    this.#absent.delete(id);
    if (this.#absent.size > 0 || this.#together) return;
    this.#together = true;
    for (const thread of this.#threads.values()) thread.tell({ type: "together" });
  }

  #announce(id: PeerId): void {
    const why = this.#threads.get(id)?.why ?? "it has ended";
    for (const thread of this.#threads.values()) thread.tell({ type: "lost", id, why });
  }
}

/** Whether an error is no mere consequence of another peer's end. */
const isRoot = (error: unknown): boolean => !(error instanceof PeerLost) && !(error instanceof Aborted);
