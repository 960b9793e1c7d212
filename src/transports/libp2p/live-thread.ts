/**
 * The program of a member in a compute worker, so that the thread with the sockets never stands still.
 */
import { type Seconds, seconds } from "../../base/units.ts";
import { handBack } from "../threads/blocks.ts";
import { realTime } from "../threads/clock.ts";
import { compact } from "../threads/compact.ts";
import { PeerThread } from "../threads/peer-thread.ts";
import type { Stay } from "./stay.ts";

export interface LiveThreadOptions {
  /** The module that the worker runs; it calls `servePeer`. */
  readonly entry: URL;
  /** For the program: plain data. */
  readonly data?: unknown;
  /** Of the job's randomness, the same at all members. */
  readonly seed: number;
  /** How long the thread may go on after the stay or its program has ended; default 60 s. */
  readonly grace?: Seconds;
  /** Hears what the program posts. */
  readonly onMessage?: (message: unknown) => void;
}

export interface LiveThread<T> {
  /** What the program returned, once its thread has ended; rejects with the error that it ended with. */
  readonly done: Promise<T>;
  /** Sends plain data to the program. */
  post(message: unknown): void;
}

/** Starts the program; it ends with the stay. Leaving the swarm when it returns is the caller's business. */
export function startLiveThread<T>(stay: Stay, options: LiveThreadOptions): LiveThread<T> {
  const { entry, seed, data, grace = seconds(60), onMessage } = options;
  const start = { id: stay.id, view: stay.first, seed, began: realTime(), data: compact(data) };
  const thread = new PeerThread<T>(entry, start, grace, (message) => {
    if (message.type === "post") onMessage?.(message.message);
    else stay.hear(message);
  });
  stay.attach((message) => {
    if (message.type === "abort") thread.abort(message.reason);
    else if (message.type !== "mail") thread.tell(message);
    else if (!thread.mail(message.from, message.frame)) handBack(message.frame);
  });
  return { done: ended(thread), post: (message) => thread.tell({ type: "post", message: compact(message) }) };
}

async function ended<T>(thread: PeerThread<T>): Promise<T> {
  const outcome = await thread.outcome;
  await thread.gone;
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}
