/**
 * Gate: where a member takes those who want to join, or only want to know who is there. Whoever is not admitted is told why
 * and hears nothing else.
 */
import type { Connection, Libp2p, Stream } from "@libp2p/interface";
import { type Admit, MAX_HELLO_BYTES, type Verdict } from "./admission-port.ts";
import { BodyReader } from "./control-messages.ts";
import { firstWords } from "./first-words.ts";
import {
  JOIN_PROTOCOL,
  type JoinAnswer,
  type JoinRequest,
  MEMBERS_PROTOCOL,
  REQUEST_BYTES_MAX,
  readRequest,
  writeAnswer,
} from "./join-messages.ts";
import type { Joiner } from "./next-view.ts";
import { JOINERS_MAX } from "./swarm-limits.ts";
import type { SwarmView } from "./swarm-view.ts";

export interface GateOptions {
  readonly admit: Admit;
  /** Who may ask who is there; default: whoever may join. */
  readonly answer?: Admit;
  readonly about: () => Uint8Array;
  /** The signed list of revoked tickets; empty if there is none. */
  readonly revoked: () => Uint8Array;
  /** Why a node was dropped from the swarm, if it was. */
  readonly barred: (node: string) => string | undefined;
  /** The newest view; undefined while this node is in none. */
  readonly view: () => SwarmView | undefined;
  /** Whether this node decides on joiners now. */
  readonly leads: () => boolean;
  readonly join: (joiner: Joiner) => void;
  readonly withdraw: (node: string) => void;
  readonly onAdmitted: (node: string) => void;
  readonly onRefused: (node: string, address: string, why: string) => void;
}

type Admitted = Extract<Verdict, { readonly accepted: true }>;

interface Waiting {
  readonly joiner: Joiner;
  readonly stream: Stream;
}

export class Gate {
  readonly #options: GateOptions;
  readonly #waiting = new Map<string, Waiting>();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  async open(libp2p: Libp2p): Promise<void> {
    const options = { runOnLimitedConnection: true, maxInboundStreams: 2 };
    const { admit, answer = admit } = this.#options;
    await libp2p.handle(MEMBERS_PROTOCOL, (stream, from) => this.#take(stream, from, answer, () => false), options);
    await libp2p.handle(
      JOIN_PROTOCOL,
      (stream, from) =>
        this.#take(stream, from, admit, (request, admitted) => this.#queue(stream, from, request, admitted)),
      options,
    );
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** A view was decided: those who are new in it are welcome. */
  welcome(view: SwarmView, before: SwarmView | undefined): void {
    for (const { id, node } of view.members) {
      const waiting = this.#waiting.get(node);
      if (waiting === undefined || id < (before?.nextId ?? 0)) continue;
      this.#waiting.delete(node);
      const { about, revoked } = this.#options;
      this.#answer(waiting.stream, { type: "welcome", id, view, about: about(), revoked: revoked() });
    }
    if (!this.#options.leads()) this.#sendOn();
  }

  /** Keeps those who wait patient; to be called now and then. */
  beat(): void {
    if (!this.#options.leads()) this.#sendOn();
    for (const { stream } of this.#waiting.values()) send(stream, { type: "wait" });
  }

  /** Somebody else leads: those who wait turn to it. */
  #sendOn(): void {
    const view = this.#options.view();
    if (view === undefined) return;
    for (const [node, { stream }] of this.#waiting) {
      this.#options.withdraw(node);
      this.#answer(stream, { type: "members", view, about: this.#options.about() });
    }
    this.#waiting.clear();
  }

  async #take(
    stream: Stream,
    connection: Connection,
    admit: Admit,
    queue: (request: JoinRequest, admitted: Admitted) => boolean,
  ): Promise<void> {
    try {
      const reader = new BodyReader(REQUEST_BYTES_MAX);
      const body = await firstWords(stream, (pieces) => {
        for (const body of reader.read(pieces)) return body;
        return undefined;
      });
      const request = readRequest(body);
      const verdict = await this.#judge(admit, request.hello, connection);
      stream.resume();
      if (!verdict.accepted) return this.#refuse(stream, connection, verdict.reason);
      this.#options.onAdmitted(connection.remotePeer.toString());
      if (queue(request, verdict)) return;
      const view = this.#options.view();
      if (view === undefined && this.#options.leads()) return this.#answer(stream, { type: "wait" });
      if (view === undefined) return this.#refuse(stream, connection, "this node is in no swarm at the moment");
      this.#answer(stream, { type: "members", view, about: this.#options.about() });
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #judge(admit: Admit, hello: Uint8Array, connection: Connection): Promise<Verdict> {
    const why = this.#options.barred(connection.remotePeer.toString());
    if (why !== undefined) return { accepted: false, reason: `it was dropped from this swarm: ${why}` };
    if (hello.length > MAX_HELLO_BYTES) return { accepted: false, reason: "the hello is too long" };
    try {
      const remote = { peerId: connection.remotePeer.toString(), address: connection.remoteAddr.toString() };
      return await admit(hello, remote);
    } catch (error) {
      return { accepted: false, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** @returns whether the joiner waits here for the next view */
  #queue(
    stream: Stream,
    { remotePeer }: Connection,
    { addresses }: JoinRequest,
    { role, ticket = "" }: Admitted,
  ): boolean {
    const node = remotePeer.toString();
    if (!this.#options.leads() || this.#waiting.size >= JOINERS_MAX) return false;
    const joiner = { node, role, addresses, ticket };
    this.#waiting.get(node)?.stream.abort(new Error("it asked again"));
    this.#waiting.set(node, { joiner, stream });
    stream.addEventListener("close", () => {
      if (this.#waiting.get(node)?.stream !== stream) return;
      this.#waiting.delete(node);
      this.#options.withdraw(node);
    });
    this.#options.join(joiner);
    return true;
  }

  #refuse(stream: Stream, connection: Connection, reason: string): void {
    this.#options.onRefused(connection.remotePeer.toString(), connection.remoteAddr.toString(), reason);
    this.#answer(stream, { type: "refused", reason });
  }

  #answer(stream: Stream, answer: JoinAnswer): void {
    send(stream, answer);
    stream.close().catch((error) => stream.abort(error));
  }
}

function send(stream: Stream, answer: JoinAnswer): void {
  if (stream.writeStatus === "writable") stream.send(writeAnswer(answer));
}
