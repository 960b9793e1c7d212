/**
 * Hole punching by TCP, for two nodes behind routers that let nobody in. Both call each other at the same moment, each from
 * the port that its router knows from the connection to the relay: a router that keeps the port, whomever it is for, takes
 * the other's call for the answer to its own, and the two calls become one connection. libp2p's own way, DCUtR, does this for
 * whoever has a public address, but not here: js-libp2p calls from a new port each time, does not tell where it was seen, and
 * both ends take themselves for the one that speaks first.
 *
 * @see Ford, Srisuresh & Kegel 2005, "Peer-to-Peer Communication Across Network Address Translators", section 4
 */
import type {
  Connection,
  Libp2p,
  Libp2pEvents,
  Stream,
  StreamHandler,
  StreamHandlerOptions,
  TypedEventTarget,
} from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import { ByteSink, ByteSource } from "../../coding/bytes.ts";
import { dialable } from "./addresses.ts";
import { BodyReader } from "./control-messages.ts";
import { firstWords } from "./first-words.ts";
import { from, type OnePort } from "./one-port.ts";
import { type Reach, reachOf } from "./reach.ts";
import { ADDRESS_BYTES_MAX, ADDRESSES_MAX } from "./swarm-limits.ts";
import { readAddresses, writeAddresses } from "./swarm-view.ts";

export const PUNCH_PROTOCOL = "/thinwire/punch/1";

/** How long both try. Routers drop the first call of whoever is early, and a second one comes after 1 s. */
export const PUNCH_MS = 3000;

/** Between two attempts: a router may answer the first with a refusal. */
const AGAIN_MS = 100;

/** Addresses that are called: one of IPv4 and one of IPv6. */
const CALLED_MAX = 2;

const BODY_BYTES_MAX: number = 1 + ADDRESSES_MAX * (2 + ADDRESS_BYTES_MAX);

/** What libp2p gives its services; its own types say more. */
export interface PunchingParts {
  readonly transportManager: { dial(to: Multiaddr, how: object): Promise<Connection> };
  readonly registrar: {
    handle(protocol: string, handler: StreamHandler, options: StreamHandlerOptions): Promise<void>;
    unhandle(protocol: string): Promise<void>;
  };
  readonly events: TypedEventTarget<Libp2pEvents>;
}

export interface PunchingOptions {
  /** From which this node calls its relays. */
  readonly port: OnePort;
  /** Peer ids of its relays. */
  readonly relays: ReadonlySet<string>;
  /** Whose call it takes part in. */
  readonly isKnown: (node: string) => boolean;
}

/** How a relay sees this node, and from where the relay is reached. */
interface Seen {
  readonly address: string;
  readonly from: Reach | undefined;
}

/** A service of libp2p. */
export class Punching {
  readonly #parts: PunchingParts;
  readonly #options: PunchingOptions;
  /** By relay. */
  readonly #seen = new Map<string, Seen>();
  /** Whose offers are being taken: each has one at a time, or a few words would have this node call without end. */
  readonly #taken = new Set<string>();
  readonly #stopped = new AbortController();

  constructor(parts: PunchingParts, options: PunchingOptions) {
    this.#parts = parts;
    this.#options = options;
    parts.events.addEventListener("peer:identify", ({ detail: { connection, observedAddr } }) => {
      const relay = connection.remotePeer.toString();
      const isCalled = connection.direct && connection.direction === "outbound"; // else it sees another port
      if (!options.relays.has(relay) || !isCalled || observedAddr === undefined) return;
      const address = socketOf(observedAddr);
      if (address !== undefined) this.#seen.set(relay, { address, from: reachOf(connection.remoteAddr) });
    });
  }

  async start(): Promise<void> {
    const take: StreamHandler = (stream, relayed) => this.#take(stream, relayed);
    await this.#parts.registrar.handle(PUNCH_PROTOCOL, take, { runOnLimitedConnection: true, maxInboundStreams: 1 });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#parts.registrar.unhandle(PUNCH_PROTOCOL);
  }

  /** Tries for a direct connection in place of one that leads through a relay. @returns undefined if there is none in time */
  async punch(relayed: Connection): Promise<Connection | undefined> {
    if (this.#seen.size === 0) return undefined;
    try {
      return await this.#call(await this.#exchange(relayed, this.#deadline()), true, this.#deadline());
    } catch {
      return undefined; // the other knows nothing of it, or is gone
    }
  }

  async #exchange(relayed: Connection, signal: AbortSignal): Promise<readonly Multiaddr[]> {
    const stream = await relayed.newStream(PUNCH_PROTOCOL, { runOnLimitedConnection: true, signal });
    const end = () => stream.abort(new Error("all is said, or too late"));
    signal.addEventListener("abort", end, { once: true });
    try {
      stream.send(this.#offer());
      return await offerOn(stream, relayed);
    } finally {
      end();
    }
  }

  /** The other's side: it speaks second on the connection that comes of it. */
  async #take(stream: Stream, relayed: Connection): Promise<void> {
    const node = relayed.remotePeer.toString();
    if (this.#taken.has(node)) return stream.abort(new Error("an offer of this node is being taken"));
    this.#taken.add(node);
    let why: unknown = new Error("all is said");
    try {
      const theirs = await offerOn(stream, relayed);
      // The view that says who it is may still be on its way.
      const signal = this.#deadline();
      while (!this.#options.isKnown(node)) await pause(signal);
      stream.send(this.#offer());
      await this.#call(theirs, false, this.#deadline());
    } catch (error) {
      why = error;
    }
    this.#taken.delete(node);
    stream.abort(why instanceof Error ? why : new Error(String(why)));
  }

  /** The first connection that comes of any of the addresses. */
  async #call(theirs: readonly Multiaddr[], initiator: boolean, signal: AbortSignal): Promise<Connection | undefined> {
    const connected = new AbortController();
    const until = AbortSignal.any([signal, connected.signal]);
    const calls = theirs.filter((to) => this.#mayCall(to)).map((to) => this.#callAt(to, initiator, until));
    const connection = await Promise.any(calls).catch(() => undefined);
    connected.abort();
    // A second one may have come meanwhile. One of the two ends chooses, or each might close what the other keeps.
    const rest = initiator ? calls : [];
    for (const call of rest) void call.then((one) => (one === connection ? undefined : one.close())).catch(() => {});
    return connection;
  }

  /** Private addresses mean something only where a relay is at one itself, so that all are in one house. */
  #mayCall(to: Multiaddr): boolean {
    const reach = reachOf(to);
    if (reach === undefined || reach === "anywhere") return reach !== undefined;
    return [...this.#seen.values()].some((seen) => seen.from === reach);
  }

  async #callAt(to: Multiaddr, initiator: boolean, until: AbortSignal): Promise<Connection> {
    const socket = new AbortController(); // it could end the socket for as long as that lives, so nothing may hold it then
    const stop = () => socket.abort();
    until.addEventListener("abort", stop, { once: true });
    try {
      const how = from(this.#options.port, { initiator, signal: socket.signal });
      for (;;) {
        try {
          return await this.#parts.transportManager.dial(to, how);
        } catch (error) {
          if (until.aborted) throw error;
        }
        await pause(until);
      }
    } finally {
      until.removeEventListener("abort", stop);
    }
  }

  #offer(): Uint8Array {
    const sink = new ByteSink(4 + BODY_BYTES_MAX).u32(0);
    writeAddresses([...new Set([...this.#seen.values()].map(({ address }) => address))], sink);
    const written = sink.written.slice();
    new ByteSink(written).u32(written.length - 4);
    return written;
  }

  #deadline(): AbortSignal {
    return AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(PUNCH_MS)]);
  }
}

/** Of a node; undefined where it is not behind a relay. */
export function punchingOf({ services }: Libp2p): Punching | undefined {
  const { punching } = services;
  return punching instanceof Punching ? punching : undefined;
}

/** @throws when there is no time left */
async function pause(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  signal.throwIfAborted();
}

/** Where the other is seen. @throws {CorruptError | DeadlineError} */
async function offerOn(stream: Stream, { remotePeer }: Connection): Promise<readonly Multiaddr[]> {
  const reader = new BodyReader(BODY_BYTES_MAX);
  const body = await firstWords(stream, (pieces) => {
    for (const body of reader.read(pieces)) return body;
    return undefined;
  });
  const source = new ByteSource(body, "hole punch");
  const told = readAddresses(source);
  source.end();
  const node = remotePeer.toString();
  return dialable(
    told.map((address) => `${address}/p2p/${node}`),
    node,
  )
    .filter((address) => socketOf(address) !== undefined)
    .slice(0, CALLED_MAX);
}

/** The IP address and TCP port, as a multiaddr; undefined if it leads elsewhere or through something else. */
function socketOf(address: Multiaddr): string | undefined {
  const [ip, tcp, ...rest] = address.getComponents();
  if ((ip?.name !== "ip4" && ip?.name !== "ip6") || tcp?.name !== "tcp" || rest.some(({ name }) => name !== "p2p")) {
    return undefined;
  }
  return `/${ip.name}/${ip.value}/tcp/${tcp.value}`;
}
