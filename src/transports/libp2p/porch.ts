/**
 * Porch: where a node takes streams from whoever connects. It reads the first words and brings the stream to the stay of this
 * node in the swarm; what belongs to a view that this node has not heard of yet waits a little.
 */
import type { Connection, Libp2p, Stream } from "@libp2p/interface";
import { CorruptError } from "../../base/errors.ts";
import { BlockPool } from "../threads/blocks.ts";
import { BodyReader, readControl } from "./control-messages.ts";
import { FIRST_WORDS_MS, firstWords } from "./first-words.ts";
import { CONTROL_PROTOCOL, MAIL_PROTOCOL } from "./link.ts";
import { MailReader } from "./mail-records.ts";
import type { Stay } from "./stay.ts";
import { CONTROL_BYTES_MAX, HELD_STREAMS_MAX, type PeerLimits } from "./swarm-limits.ts";

/** Streams of one protocol, connection and direction. */
const STREAMS_MAX = 4;

interface Held {
  readonly stream: Stream;
  readonly timer: NodeJS.Timeout;
  /** @returns whether the stream has found its place */
  offer(stay: Stay): boolean;
}

export class Porch {
  readonly #limits: PeerLimits;
  readonly #blocks = new BlockPool();
  #stay: Stay | undefined;
  #expecting = false;
  #held: Held[] = [];

  constructor(limits: PeerLimits) {
    this.#limits = limits;
  }

  async open(libp2p: Libp2p): Promise<void> {
    const options = { runOnLimitedConnection: true, maxInboundStreams: STREAMS_MAX, maxOutboundStreams: STREAMS_MAX };
    await libp2p.handle(CONTROL_PROTOCOL, (stream, connection) => this.#control(stream, connection), options);
    await libp2p.handle(MAIL_PROTOCOL, (stream, connection) => this.#mail(stream, connection), options);
  }

  /** A stay is about to begin: streams for it may come early. */
  expect(): void {
    this.#expecting = true;
  }

  /** The stay that streams are brought to from now on; without one they are not taken. */
  receive(stay: Stay | undefined): void {
    this.#stay = stay;
    this.#expecting = false;
    if (stay === undefined) this.#blocks.forget(); // those that its peer did not hand back
    this.lookAgain();
  }

  /** Something changed: streams that wait may find their place. */
  lookAgain(): void {
    const held = this.#held;
    this.#held = [];
    for (const one of held) {
      const { stream, timer, offer } = one;
      if (stream.status === "open" && this.#waitsFor(stream, offer)) this.#held.push(one);
      else clearTimeout(timer);
    }
  }

  async #control(stream: Stream, connection: Connection): Promise<void> {
    const reader = new BodyReader(CONTROL_BYTES_MAX);
    await this.#reading(stream, async () => {
      const body = await firstWords(stream, (pieces) => first(reader.read(pieces)));
      const hello = readControl(body);
      if (hello.type !== "hello") throw new CorruptError("stream", { expected: "a hello", got: hello.type });
      this.#place(stream, (stay) => stay.offerControl(hello, stream, connection, reader));
    });
  }

  async #mail(stream: Stream, connection: Connection): Promise<void> {
    const epoch = () => this.#stay?.view.epoch ?? 0;
    const reader = new MailReader({ limits: this.#limits, epoch, blocks: this.#blocks });
    await this.#reading(stream, async () => {
      const note = await firstWords(stream, (pieces) => first(reader.read(pieces)));
      if (note.type !== "open") throw new CorruptError("stream", { expected: "a note that opens it", got: note.type });
      this.#place(stream, (stay) => stay.offerMail(note.from, note.to, stream, connection, reader));
    });
  }

  /** A stream that does not begin as it should is not worth an answer. */
  async #reading(stream: Stream, read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Whether a stream has not found its place, and may yet. */
  #waitsFor(stream: Stream, offer: Held["offer"]): boolean {
    if (this.#stay !== undefined) return !offer(this.#stay);
    if (!this.#expecting) stream.abort(new Error("this node is in no swarm"));
    return this.#expecting;
  }

  #place(stream: Stream, offer: (stay: Stay) => boolean): void {
    if (!this.#waitsFor(stream, offer)) return;
    if (this.#held.length >= HELD_STREAMS_MAX)
      throw new CorruptError("stream", { expected: "fewer streams that wait" });
    const timer = setTimeout(() => {
      this.#held = this.#held.filter((held) => held.stream !== stream);
      stream.abort(new Error("nobody here knows the sender"));
    }, FIRST_WORDS_MS).unref();
    this.#held.push({ stream, timer, offer });
  }
}

const first = <T>(values: Iterable<T>): T | undefined => {
  for (const value of values) return value;
  return undefined;
};
