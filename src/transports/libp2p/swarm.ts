/**
 * A live swarm as one node sees it: it founds one or joins one, is a member for as long as it can, and joins again when the
 * others went on without it.
 */
import { generateKeyPair } from "@libp2p/crypto/keys";
import type { Connection } from "@libp2p/interface";
import { Aborted, ConfigError, type ThinwireError } from "../../base/errors.ts";
import { type Seconds, seconds } from "../../base/units.ts";
import type { Multiaddr } from "@multiformats/multiaddr";
import { type PeerId, peerId } from "../../ports/view.ts";
import { realTime } from "../threads/clock.ts";
import { dialable, multiaddrOf, nodeAt } from "./addresses.ts";
import type { Admit, Role } from "./admission-port.ts";
import { type Answered, ask } from "./ask.ts";
import type { CountedBytes } from "./counted-bytes.ts";
import { Gate } from "./gate.ts";
import { JOIN_PROTOCOL, MEMBERS_PROTOCOL } from "./join-messages.ts";
import { beatOf } from "./links.ts";
import type { Joiner, MembershipOptions } from "./membership.ts";
import { type Node, type NodeOptions, PUNCH_MS, startNode } from "./node.ts";
import { Porch } from "./porch.ts";
import { RememberedNodes } from "./remembered-nodes.ts";
import { Stay, type SwarmEvent } from "./stay.ts";
import { defaultPeerLimits, type PeerLimits } from "./swarm-limits.ts";
import type { SwarmMember, SwarmView } from "./swarm-view.ts";

/** The first words to a member, made for it: whoever else hears them can do nothing with them. */
export type Hello = (responder: { readonly peerId: string }) => Uint8Array | Promise<Uint8Array>;

export interface SwarmOptions {
  readonly node?: NodeOptions;
  /** Who may join; any member may be asked. */
  readonly admit: Admit;
  /** Who may ask who is in the swarm and what it is about; default: whoever may join. */
  readonly answer?: Admit;
  /** A member that is silent for so long is lost; default 10 s. */
  readonly detection?: Seconds;
  /** A member that cannot be reached for so long is lost; default 20 s. */
  readonly patience?: Seconds;
  /** What a minority does when it is cut off from the others; default: it waits. */
  readonly minority?: MembershipOptions["minority"];
  readonly limits?: Partial<PeerLimits>;
  readonly onEvent?: (event: SwarmEvent) => void;
  /** Stops the node. */
  readonly signal?: AbortSignal;
}

export interface FoundOptions extends SwarmOptions {
  /** What the founder does; default "train". */
  readonly role?: Role;
  /** Members of the first view: the swarm begins when so many are here; default 1. */
  readonly members?: number;
  /** What joiners are told about the job. */
  readonly about?: Uint8Array;
  /** For coming back, should the others go on without the founder. */
  readonly hello?: Hello;
}

export interface JoinOptions extends SwarmOptions {
  /** Of members, each a multiaddr with its peer id; any one that answers will do. */
  readonly addresses: readonly string[];
  readonly hello: Hello;
  /** How long to try when nobody answers; default 60 s. Coming back is tried for ever. */
  readonly within?: Seconds;
}

export interface Swarm {
  /** This node, as libp2p names it. */
  readonly node: string;
  /** Where others can reach this node; a ticket names some of them. */
  readonly addresses: readonly string[];
  /** What crossed the sockets of this node. */
  readonly wireBytes: Readonly<CountedBytes>;
  /** What the founder says about the job; empty before the first stay. */
  readonly about: Uint8Array;
  /**
   * Becomes a member: at the first call as founder or joiner, later to come back after a stay is over.
   * @throws {ConfigError} if the swarm refuses, or nobody answers in time; {Aborted}
   */
  enter(): Promise<Stay>;
  /** Stops the node: without a word to the others if it is still a member. */
  stop(): Promise<void>;
}

/** Starts a node that will found a swarm. @throws {ConfigError} */
export async function foundSwarm(options: FoundOptions): Promise<Swarm> {
  return await LiveSwarm.start(options, { found: options });
}

/** Starts a node that will join a swarm. @throws {ConfigError} */
export async function joinSwarm(options: JoinOptions): Promise<Swarm> {
  for (const address of options.addresses) {
    if (nodeAt(multiaddrOf(address)) !== undefined) continue;
    throw new ConfigError("address", { expected: "a multiaddr that ends with /p2p/ and a peer id", got: address });
  }
  return await LiveSwarm.start(options, { join: options });
}

type Plan = { readonly found: FoundOptions; readonly join?: never } | { readonly join: JoinOptions; readonly found?: never };

const PAUSE_MS = 500;

class LiveSwarm implements Swarm {
  readonly #options: SwarmOptions;
  readonly #plan: Plan;
  readonly #known = new RememberedNodes();
  readonly #banned = new RememberedNodes();
  readonly #stopped = new AbortController();
  readonly #porch: Porch;
  readonly #gate: Gate;
  #started: Node | undefined;
  #beat: NodeJS.Timeout | undefined;
  #about: Uint8Array = new Uint8Array(0);
  #stay: Stay | undefined;
  /** The last view that this node was in. */
  #view: SwarmView | undefined;
  /** Of the first view, until there is one. */
  #gathering: ((joiner: Joiner) => void) | undefined;
  readonly #founders = new Map<string, Joiner>();

  private constructor(options: SwarmOptions, plan: Plan) {
    this.#options = options;
    this.#plan = plan;
    this.#porch = new Porch({ ...defaultPeerLimits, ...options.limits });
    const { admit, answer } = options;
    this.#gate = new Gate({
      admit,
      ...(answer && { answer }),
      about: () => this.#about,
      view: () => this.#stay?.view,
      leads: () => this.#gathering !== undefined || (this.#stay?.membership.leads === true && !this.#stay.membership.waits),
      join: (joiner) => (this.#gathering === undefined ? this.#stay?.membership.join(joiner) : this.#gathering(joiner)),
      withdraw: (node) => {
        this.#founders.delete(node);
        this.#stay?.membership.withdraw(node);
      },
      onAdmitted: (node) => this.#known.add(node),
      onRefused: (node, address, why) => this.#refused(node, address, why),
    });
  }

  static async start(options: SwarmOptions, plan: Plan): Promise<LiveSwarm> {
    const swarm = new LiveSwarm(options, plan);
    const { signal } = options;
    if (signal?.aborted) throw swarm.#aborted();
    const privateKey = options.node?.privateKey ?? (await generateKeyPair("Ed25519"));
    const nodeOptions = { ...options.node, privateKey };
    await swarm.#knock(nodeOptions);
    swarm.#started = await startNode(nodeOptions, swarm.#doorkeeper);
    const { libp2p } = swarm.#started;
    await swarm.#porch.open(libp2p);
    await swarm.#gate.open(libp2p);
    libp2p.addEventListener("connection:open", ({ detail }) => swarm.#watch(detail));
    swarm.#beat = setInterval(() => swarm.#gate.beat(), beatOf(swarm.#detection) * 1000);
    signal?.addEventListener("abort", () => void swarm.stop(), { once: true });
    if (plan.found?.about !== undefined) swarm.#about = plan.found.about;
    return swarm;
  }

  get node(): string {
    return this.#libp2p.peerId.toString();
  }

  get addresses(): readonly string[] {
    return this.#libp2p.getMultiaddrs().map(String);
  }

  get wireBytes(): CountedBytes {
    return { ...this.#started!.wireBytes };
  }

  get about(): Uint8Array {
    return this.#about;
  }

  async enter(): Promise<Stay> {
    if (this.#stopped.signal.aborted) throw this.#aborted();
    this.#porch.expect();
    const { found } = this.#plan;
    if (found !== undefined && this.#view === undefined) return await this.#found(found);
    return await this.#join();
  }

  async stop(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort();
    clearInterval(this.#beat);
    this.#stay?.stop();
    await this.#libp2p.stop();
  }

  get #libp2p(): Node["libp2p"] {
    return this.#started!.libp2p; // `start` waits for it
  }

  get #detection(): Seconds {
    return this.#options.detection ?? seconds(10);
  }

  get #doorkeeper(): Parameters<typeof startNode>[1] {
    return {
      isBanned: (node) => this.#banned.has(node),
      isKnown: (node) => this.#known.has(node) || this.#stay?.view.members.some((m) => m.node === node) === true,
    };
  }

  /** A relay that is a member lets only those be reached through it who were admitted: so asks before it listens there. */
  async #knock(options: NodeOptions): Promise<void> {
    const { relays = [] } = options;
    const hello = (this.#plan.join ?? this.#plan.found).hello;
    if (relays.length === 0 || hello === undefined) return;
    const { libp2p } = await startNode({ ...options, listen: [], announce: [], relays: [] }, this.#doorkeeper);
    try {
      for (const relay of relays) {
        const connection = await libp2p.dial(multiaddrOf(relay), { signal: this.#stopped.signal });
        const request = { hello: await hello({ peerId: connection.remotePeer.toString() }), addresses: [] };
        await ask(connection, MEMBERS_PROTOCOL, request, this.#detection, this.#stopped.signal).catch(ifNoMember);
      }
    } finally {
      await libp2p.stop();
    }
  }

  #found({ members = 1, role = "train" }: FoundOptions): Promise<Stay> {
    const begin = (): Stay => {
      this.#gathering = undefined;
      const self = { node: this.node, role, addresses: this.addresses };
      const all = [self, ...this.#founders.values()].map((joiner, id): SwarmMember => ({ ...joiner, id: peerId(id) }));
      const view = { epoch: 0, nextId: all.length, members: all };
      const stay = this.#begin(peerId(0), view);
      this.#gate.welcome(view, undefined);
      return stay;
    };
    if (members <= 1) return Promise.resolve(begin());
    return new Promise((resolve, reject) => {
      this.#stopped.signal.addEventListener("abort", () => reject(this.#aborted()), { once: true });
      this.#gathering = (joiner) => {
        this.#founders.set(joiner.node, joiner);
        if (this.#founders.size + 1 >= members) resolve(begin());
      };
    });
  }

  async #join(): Promise<Stay> {
    const isBack = this.#view !== undefined;
    const until = isBack ? Number.POSITIVE_INFINITY : realTime() + (this.#plan.join?.within ?? 60);
    for (;;) {
      const failure = await this.#joinOnce();
      if (failure instanceof Stay) return failure;
      if (realTime() > until) {
        throw new ConfigError("joining", {
          expected: "a member of the swarm that answers",
          got: failure.message,
          hint: "Check that the swarm is running and that the addresses can be reached from here.",
          cause: failure,
        });
      }
      await pause(PAUSE_MS, this.#stopped.signal);
    }
  }

  /** Asks one member after the other, and whom they name. @returns the stay, or why there is none */
  async #joinOnce(): Promise<Stay | Error> {
    const tried = new Set([this.node]);
    let targets = this.#targets();
    let failure: Error = new Error("there is nobody to ask");
    for (let target = targets.shift(); target !== undefined; target = targets.shift()) {
      if (tried.has(target.node)) continue;
      tried.add(target.node);
      try {
        const answer = await this.#ask(target.addresses);
        this.#about = answer.about;
        if (answer.type === "welcome") return this.#begin(answer.id, answer.view);
        targets = [...targetsIn(answer.view), ...targets];
        failure = new Error("those who answered do not lead the swarm");
      } catch (error) {
        if (error instanceof ConfigError) throw error;
        if (this.#stopped.signal.aborted) throw this.#aborted();
        failure = error instanceof Error ? error : new Error(String(error));
      }
    }
    return failure;
  }

  #targets(): Target[] {
    const given = (this.#plan.join?.addresses ?? []).map(multiaddrOf);
    const nodes = new Set(given.map((address) => nodeAt(address)!)); // `joinSwarm` looked
    const named = [...nodes].map((node) => ({ node, addresses: given.filter((address) => nodeAt(address) === node) }));
    return this.#view === undefined ? named : [...targetsIn(this.#view), ...named];
  }

  async #ask(addresses: readonly Multiaddr[]): Promise<Answered> {
    const { hello } = this.#plan.join ?? this.#plan.found;
    if (hello === undefined) {
      throw new ConfigError("joining", { expected: "a hello to show the others", got: "none" });
    }
    const { signal } = this.#stopped;
    const connection = await this.#libp2p.dial([...addresses], {
      signal: AbortSignal.any([signal, AbortSignal.timeout(this.#detection * 1000)]),
    });
    const request = { hello: await hello({ peerId: connection.remotePeer.toString() }), addresses: this.addresses };
    return await ask(connection, JOIN_PROTOCOL, request, this.#detection, signal);
  }

  #begin(self: PeerId, view: SwarmView): Stay {
    const { patience = seconds(20), minority, onEvent = () => {}, node } = this.#options;
    this.#view = view;
    const stay: Stay = new Stay({
      libp2p: this.#libp2p,
      self,
      view,
      detection: this.#detection,
      patience,
      punch: seconds((node?.holePunching ?? true) ? (2 * PUNCH_MS) / 1000 : 0),
      ...(minority && { minority }),
      onEvent,
      onView: (view, before) => {
        this.#view = view;
        this.#gate.welcome(view, before);
        this.#porch.lookAgain();
      },
      onLink: () => this.#porch.lookAgain(),
      ban: (node) => {
        this.#banned.add(node);
        this.#hangUp(node);
      },
    });
    this.#stay = stay;
    void stay.over.then(() => {
      this.#stay = undefined;
      this.#porch.receive(undefined);
    });
    this.#porch.receive(stay);
    return stay;
  }

  #refused(node: string, address: string, why: string): void {
    this.#options.onEvent?.({ type: "refused", node, address, why });
  }

  /** A stranger that does not ask to be let in, or was refused, is shown the door. */
  #watch(connection: Connection): void {
    const node = connection.remotePeer.toString();
    const look = () => {
      if (!this.#doorkeeper.isKnown(node) && connection.direction === "inbound") connection.close().catch(() => {});
    };
    const timer = setTimeout(look, STRANGER_MS).unref();
    connection.addEventListener("close", () => clearTimeout(timer));
  }

  #hangUp(node: string): void {
    for (const connection of this.#libp2p.getConnections()) {
      if (connection.remotePeer.toString() === node) connection.abort(new Error("it broke a limit"));
    }
  }

  #aborted(): Aborted {
    return new Aborted("swarm", { expected: "to go on", got: "an abort", cause: this.#options.signal?.reason });
  }
}

/** How long a connection may be open without a word to be let in. */
const STRANGER_MS = 15_000;

interface Target {
  readonly node: string;
  readonly addresses: readonly Multiaddr[];
}

const targetsIn = ({ members }: SwarmView): Target[] =>
  members.map(({ node, addresses }) => ({ node, addresses: dialable(addresses, node) }));

/** A relay that is no member needs no asking; one that refuses says why. */
function ifNoMember(error: unknown): void {
  if (error instanceof ConfigError) throw error satisfies ThinwireError;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
