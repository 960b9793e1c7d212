/**
 * The worker's side of a run on threads: an entry module calls `servePeer` with the program of its peer.
 */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../base/errors.ts";
import type { Peer } from "../../ports/peer.ts";
import { compact, memoryOf } from "./compact.ts";
import { crossError } from "./crossed-error.ts";
import type { Crossing, FromWorker, Start, ToWorker } from "./protocol.ts";
import { Acquaintances, Introductions } from "./references.ts";
import { WorkerPeer } from "./worker-peer.ts";

/** The line between a program and whoever started the run, beside the mail between peers and outside its ledger. */
export interface Control {
  /** Sends plain data to the swarm's `onMessage`. A typed array crosses without the rest of its buffer. */
  post(message: unknown): void;
  /** The same, of plain data whose typed arrays this thread gives away: they are empty then, and nothing was copied. */
  give(message: unknown): void;
  /** Called with each message that the swarm posts here, from the first one on. One listener. */
  onMessage(listener: (message: unknown) => void): void;
}

export interface Served {
  readonly peer: Peer;
  /** What the run was started with. */
  readonly data: unknown;
  readonly control: Control;
  /**
   * Resolves once every peer of the run has called this, or has ended: what each sets up takes its own time, which is no
   * time of what they then do together. In runs that `startThreads` started. @throws {Aborted}
   */
  together(): Promise<void>;
}

/**
 * Runs the program of this thread's peer and hands its result, or its error, to the run. The thread then ends by itself
 * once nothing holds it: the program releases native sessions in a `finally`.
 */
export function servePeer<T>(program: (served: Served) => Promise<T>): void {
  const port = parentPort;
  assert(port !== null, "servePeer is called in a worker that startThreads started");
  const start = workerData as Start; // what `startThreads` passed
  const outbound = new Introductions();
  const inbound = new Acquaintances();
  const tell = (message: FromWorker, transfer: readonly ArrayBuffer[] = []) => {
    const crossing: Crossing<FromWorker> =
      message.type === "mail" ? { ...message, frame: outbound.refer(message.frame) } : message;
    port.postMessage(crossing, transfer);
  };
  const peer = new WorkerPeer(start, tell);
  const inbox = new Inbox();
  port.on("message", (message: Crossing<ToWorker>) => {
    if (message.type === "post") inbox.put(message.message);
    else if (message.type === "mail") peer.hear({ ...message, frame: inbound.resolve(message.frame) });
    else peer.hear(message);
  });
  const control: Control = {
    post: (message) => tell({ type: "post", message: compact(message) }),
    give: (given) => {
      const message = compact(given);
      tell({ type: "post", message }, [...memoryOf(message)]);
    },
    onMessage: (listener) => inbox.open(listener),
  };
  void run();

  async function run(): Promise<void> {
    try {
      const result = await program({ peer, data: start.data, control, together: () => peer.together() });
      tell({ type: "done", result: compact(result) });
    } catch (error) {
      tell({ type: "failed", error: crossError(error) });
    } finally {
      peer.close();
      port?.close();
    }
  }
}

/** Keeps messages until somebody listens. */
class Inbox {
  #waiting: unknown[] = [];
  #listener: ((message: unknown) => void) | undefined;

  put(message: unknown): void {
    if (this.#listener === undefined) this.#waiting.push(message);
    else this.#listener(message);
  }

  open(listener: (message: unknown) => void): void {
    this.#listener = listener;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) listener(message);
  }
}
