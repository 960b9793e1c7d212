/**
 * The worker's end of the line to the thread that started it: frames that both share go by number, and what the two
 * programs say to each other beside the mail goes through `control`.
 */
import { type MessagePort, parentPort } from "node:worker_threads";
import { assert } from "../../base/errors.ts";
import { compact, memoryOf } from "./compact.ts";
import type { Crossing, FromWorker, ToWorker } from "./protocol.ts";
import { Acquaintances, Introductions } from "./references.ts";

/** The line between a program and whoever started the run, beside the mail between peers and outside its ledger. */
export interface Control {
  /** Sends plain data to the swarm's `onMessage`. A typed array crosses without the rest of its buffer. */
  post(message: unknown): void;
  /** The same, of plain data whose typed arrays this thread gives away: they are empty then, and nothing was copied. */
  give(message: unknown): void;
  /** Called with each message that the swarm posts here, from the first one on. One listener. */
  onMessage(listener: (message: unknown) => void): void;
}

/** What is told to the peer and not to its program. */
export type Told = Exclude<ToWorker, { readonly type: "post" }>;

export class WorkerLine {
  readonly control: Control;
  readonly #port: MessagePort;
  readonly #inbox = new Inbox();
  #outbound = new Introductions();
  #inbound = new Acquaintances();

  constructor(hear: (message: Told) => void) {
    assert(parentPort !== null, "peers are served in workers");
    this.#port = parentPort;
    this.#port.on("message", (message: Crossing<ToWorker>) => {
      if (message.type === "begin") this.#forgetBlocks();
      if (message.type === "post") this.#inbox.put(message.message);
      else if (message.type === "mail") hear({ ...message, frame: this.#inbound.resolve(message.frame) });
      else hear(message);
    });
    this.control = {
      post: (message) => this.tell({ type: "post", message: compact(message) }),
      give: (given) => {
        const message = compact(given);
        this.tell({ type: "post", message }, [...memoryOf(message)]);
      },
      onMessage: (listener) => this.#inbox.open(listener),
    };
  }

  tell(message: FromWorker, transfer: readonly ArrayBuffer[] = []): void {
    const crossing: Crossing<FromWorker> =
      message.type === "mail" ? { ...message, frame: this.#outbound.refer(message.frame) } : message;
    this.#port.postMessage(crossing, transfer);
  }

  close(): void {
    this.#port.close();
  }

  /** Those of a peer that has ended: `WorkerThread` does the same. */
  #forgetBlocks(): void {
    this.#outbound = new Introductions();
    this.#inbound = new Acquaintances();
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
