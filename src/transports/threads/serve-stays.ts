/**
 * The worker's side of a peer that comes and goes: what takes time to set up is set up once, before the peer is a member
 * of anything, and serves all of its stays.
 */
import { flushCompileCache } from "node:module";
import { workerData } from "node:worker_threads";
import type { Peer } from "../../ports/peer.ts";
import { handBack } from "./blocks.ts";
import { compact } from "./compact.ts";
import { crossError } from "./crossed-error.ts";
import type { Start } from "./protocol.ts";
import { type Control, WorkerLine } from "./worker-line.ts";
import { WorkerPeer } from "./worker-peer.ts";

/** What serves all stays. */
export interface Opened<T> {
  /** The program of one stay. @param data what that stay was begun with */
  run(peer: Peer, data: unknown): Promise<T>;
  close(): Promise<void>;
}

/**
 * Opens what the stays need, says that it is ready, and runs a program for each stay, one at a time, until it is told to
 * close. An entry module calls it.
 * @param open is given what the worker was started with
 */
export function serveStays<T>(open: (data: unknown, control: Control) => Promise<Opened<T>>): void {
  let peer: WorkerPeer | undefined;
  const stays = new Stays();
  const line = new WorkerLine((message) => {
    if (message.type === "begin") stays.put(begin(message.start));
    else if (message.type === "close") stays.put(undefined);
    else if (peer !== undefined) peer.hear(message);
    else if (message.type === "mail") handBack(message.frame);
  });
  void serve();

  async function serve(): Promise<void> {
    try {
      const opened = await open(workerData, line.control);
      try {
        line.tell({ type: "ready" });
        flushCompileCache(); // it may live long, and be killed
        for (let given = await stays.next(); given !== undefined; given = await stays.next()) await stay(opened, given);
      } finally {
        await opened.close();
      }
    } catch (error) {
      line.tell({ type: "failed", error: crossError(error) });
    } finally {
      line.close();
    }
  }

  function begin(start: Start): Begun {
    const own: WorkerPeer = new WorkerPeer(start, (message, transfer) => {
      if (peer === own) line.tell(message, transfer);
    });
    peer = own; // at once, for its mail comes next
    return { peer: own, data: start.data };
  }

  async function stay(opened: Opened<T>, { peer: own, data }: Begun): Promise<void> {
    try {
      const result = await opened.run(own, data);
      line.tell({ type: "done", result: compact(result) });
    } catch (error) {
      line.tell({ type: "failed", error: crossError(error) });
    } finally {
      peer = undefined;
      own.close();
    }
  }
}

interface Begun {
  readonly peer: WorkerPeer;
  readonly data: unknown;
}

/** Those that began, until they are taken; undefined ends them. */
class Stays {
  readonly #waiting: (Begun | undefined)[] = [];
  #taker: ((begun: Begun | undefined) => void) | undefined;

  put(begun: Begun | undefined): void {
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker === undefined) this.#waiting.push(begun);
    else taker(begun);
  }

  async next(): Promise<Begun | undefined> {
    if (this.#waiting.length > 0) return this.#waiting.shift();
    return await new Promise((resolve) => {
      this.#taker = resolve;
    });
  }
}
