/**
 * A live swarm as one node sees it: it founds one or joins one, is a member for as long as it can, and joins again when the
 * others went on without it.
 */
import { generateKeyPair } from "@libp2p/crypto/keys";
import type { Connection } from "@libp2p/interface";
import { Aborted, ConfigError } from "../../base/errors.ts";
import { type Seconds, seconds } from "../../base/units.ts";
import { type PeerId, peerId } from "../../ports/view.ts";
import { realTime } from "../threads/clock.ts";
import { multiaddrOf, nodeAt } from "./addresses.ts";
import { toBase64url } from "./base64url.ts";
import type { CountedBytes } from "./counted-bytes.ts";
import { Founding } from "./founding.ts";
import { Gate } from "./gate.ts";
import { type Asking, askAround, knock, targetsAt, targetsIn } from "./joining.ts";
import { beatOf } from "./links.ts";
import { type Doorkeeper, type Node, type NodeOptions, PUNCH_MS, startNode } from "./node.ts";
import { pause } from "./pause.ts";
import { Porch } from "./porch.ts";
import { RememberedNodes } from "./remembered-nodes.ts";
import { type Signing, signingWith } from "./signing.ts";
import { Stay } from "./stay.ts";
import { BARRED_MAX, defaultPeerLimits } from "./swarm-limits.ts";
import type { FoundOptions, JoinOptions, Swarm } from "./swarm-options.ts";
import type { SwarmView } from "./swarm-view.ts";

const NOTHING = new Uint8Array(0);

/** Of the random name of a swarm. */
const NAME_BYTES = 16;

/** Between two rounds of asking all members. */
const PAUSE_MS = 500;

/** How long a connection may be open without a word to be let in. */
const STRANGER_MS = 30_000;

/** Starts a node that will found a swarm. @throws {ConfigError} */
export async function foundSwarm(options: FoundOptions): Promise<Swarm> {
  return await LiveSwarm.start(options);
}

/** Starts a node that will join a swarm. @throws {ConfigError} */
export async function joinSwarm(options: JoinOptions): Promise<Swarm> {
  for (const address of options.addresses) {
    if (nodeAt(multiaddrOf(address)) !== undefined) continue;
    throw new ConfigError("address", { expected: "a multiaddr that ends with /p2p/ and a peer id", got: address });
  }
  return await LiveSwarm.start(options);
}

type Plan = FoundOptions | JoinOptions;

class LiveSwarm implements Swarm {
  readonly #plan: Plan;
  readonly #known = new RememberedNodes();
  /** Why nodes were dropped. */
  readonly #banned = new Map<string, string>();
  readonly #stopped = new AbortController();
  readonly #porch: Porch;
  readonly #gate: Gate;
  #started: Node | undefined;
  #signing: Signing | undefined;
  #beat: NodeJS.Timeout | undefined;
  #about: Uint8Array;
  #founding: Founding | undefined;
  #stay: Stay | undefined;
  /** The last view that this node was in. */
  #view: SwarmView | undefined;

  private constructor(plan: Plan) {
    this.#plan = plan;
    this.#about = "about" in plan ? plan.about : new Uint8Array(0);
    this.#porch = new Porch({ ...defaultPeerLimits, ...plan.limits });
    const { admit, answer } = plan;
    this.#gate = new Gate({
      admit,
      ...(answer && { answer }),
      about: () => this.#about,
      revoked: () => plan.revocations?.list ?? NOTHING,
      barred: (node) => this.#banned.get(node),
      view: () => this.#stay?.view,
      leads: () => this.#leads,
      join: (joiner) => (this.#founding ?? this.#stay?.membership)?.join(joiner),
      withdraw: (node) => (this.#founding ?? this.#stay?.membership)?.withdraw(node),
      onAdmitted: (node) => this.#known.add(node),
      onRefused: (node, address, why) => plan.onEvent?.({ type: "refused", node, address, why }),
    });
  }

  static async start(plan: Plan): Promise<LiveSwarm> {
    const swarm = new LiveSwarm(plan);
    const { signal } = plan;
    if (signal?.aborted) throw swarm.#aborted();
    const privateKey = plan.node?.privateKey ?? (await generateKeyPair("Ed25519"));
    const options = { ...(plan.patience && { patience: plan.patience }), ...plan.node, privateKey };
    swarm.#signing = signingWith(privateKey);
    await swarm.#knock(options);
    swarm.#started = await startNode(options, swarm.#doorkeeper);
    const { libp2p } = swarm.#started;
    await swarm.#porch.open(libp2p);
    await swarm.#gate.open(libp2p);
    libp2p.addEventListener("connection:open", ({ detail }) => swarm.#watch(detail));
    plan.revocations?.onNews(() => swarm.#revoke());
    swarm.#beat = setInterval(() => swarm.#gate.beat(), beatOf(swarm.#detection) * 1000);
    signal?.addEventListener("abort", () => void swarm.stop(), { once: true });
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
    if ("addresses" in this.#plan || this.#view !== undefined) return await this.#join();
    return await this.#found(this.#plan);
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
    return this.#plan.detection ?? seconds(10);
  }

  /** Whether this node decides on joiners now. */
  get #leads(): boolean {
    if (this.#founding !== undefined) return true;
    const membership = this.#stay?.membership;
    return membership?.leads === true && !membership.waits;
  }

  get #doorkeeper(): Doorkeeper {
    return { isKnown: (node) => this.#known.has(node) };
  }

  #asking(libp2p: Node["libp2p"], addresses: readonly string[]): Asking {
    return { libp2p, addresses, hello: this.#plan.hello, silence: this.#detection, signal: this.#stopped.signal };
  }

  /** By a node that does not listen yet, under the same name. */
  async #knock(options: NodeOptions): Promise<void> {
    const { relays = [] } = options;
    if (relays.length === 0 || this.#plan.hello === undefined) return;
    const { libp2p } = await startNode({ ...options, listen: [], announce: [], relays: [] }, this.#doorkeeper);
    try {
      await knock(this.#asking(libp2p, []), relays);
    } finally {
      await libp2p.stop();
    }
  }

  async #found({ members = 1, role = "train" }: FoundOptions): Promise<Stay> {
    await new Promise<void>((resolve, reject) => {
      this.#stopped.signal.addEventListener("abort", () => reject(this.#aborted()), { once: true });
      this.#founding = new Founding(members, resolve);
    });
    const name = toBase64url(crypto.getRandomValues(new Uint8Array(NAME_BYTES)));
    const view = this.#founding!.view({ node: this.node, role, addresses: this.addresses, ticket: "" }, name);
    this.#founding = undefined;
    const stay = this.#begin(peerId(0), view);
    this.#gate.welcome(view, undefined);
    return stay;
  }

  async #join(): Promise<Stay> {
    const given = "addresses" in this.#plan ? this.#plan : { addresses: [], within: undefined };
    const isBack = this.#view !== undefined;
    const until = isBack ? Number.POSITIVE_INFINITY : realTime() + (given.within ?? 60);
    for (;;) {
      const targets = [...(this.#view === undefined ? [] : targetsIn(this.#view)), ...targetsAt(given.addresses)];
      const answer = await askAround(this.#asking(this.#libp2p, this.addresses), targets);
      if (!(answer instanceof Error)) {
        this.#about = answer.about;
        await this.#learn(answer.revoked);
        return this.#begin(answer.id, answer.view);
      }
      if (realTime() > until) {
        throw new ConfigError("joining", {
          expected: "a member of the swarm that answers",
          got: answer.message,
          hint: "Check that the swarm is running and that the addresses can be reached from here.",
          cause: answer,
        });
      }
      await pause(PAUSE_MS, this.#stopped.signal);
    }
  }

  /** @throws {ConfigError} if the swarm's key did not sign the list */
  async #learn(revoked: Uint8Array): Promise<void> {
    let cause: unknown;
    try {
      if ((await this.#plan.revocations?.take(revoked)) !== false) return;
    } catch (error) {
      cause = error;
    }
    throw new ConfigError("revoked tickets", {
      expected: "a list that the swarm has signed",
      got: cause instanceof Error ? cause.message : "another",
      hint: "The member that let this node in is damaged or no friend: join through another one.",
      cause,
    });
  }

  #begin(self: PeerId, view: SwarmView): Stay {
    const { patience = seconds(20), minority, onEvent = () => {}, node } = this.#plan;
    this.#remember(view);
    const stay: Stay = new Stay({
      libp2p: this.#libp2p,
      self,
      view,
      detection: this.#detection,
      patience,
      punch: seconds(node?.holePunching !== false ? (2 * PUNCH_MS) / 1000 : 0),
      ...(minority && { minority }),
      signing: this.#signing!, // `start` makes it
      onEvent,
      onView: (view, before) => {
        this.#remember(view);
        this.#gate.welcome(view, before);
        this.#porch.lookAgain();
      },
      onLink: () => this.#porch.lookAgain(),
      ban: (node, why) => this.#ban(node, why),
      onRevoked: async (list) => (await this.#plan.revocations?.take(list)) ?? true,
      revoked: () => this.#plan.revocations?.list ?? NOTHING,
      isRevoked: (ticket) => this.#plan.revocations?.serials.has(ticket) ?? false,
      isKnown: (node) => this.#known.has(node),
    });
    this.#stay = stay;
    stay.membership.revoke(this.#plan.revocations?.serials ?? new Set());
    for (const { node: barred, why } of view.barred) this.#ban(barred, why);
    void stay.over.then(() => {
      this.#stay = undefined;
      this.#porch.receive(undefined);
    });
    this.#porch.receive(stay);
    return stay;
  }

  #remember(view: SwarmView): void {
    this.#view = view;
    for (const { node } of view.members) this.#known.add(node);
  }

  /** A stranger that does not ask to be let in, or was refused, is shown the door. */
  #watch(connection: Connection): void {
    if (connection.direction === "outbound") return;
    const timer = setTimeout(() => {
      if (!this.#doorkeeper.isKnown(connection.remotePeer.toString())) connection.close().catch(() => {});
    }, STRANGER_MS).unref();
    connection.addEventListener("close", () => clearTimeout(timer));
  }

  /** It may ask to be let in again, to be told why it is not. */
  #ban(node: string, why: string): void {
    this.#banned.set(node, why);
    const [oldest] = this.#banned.keys();
    if (this.#banned.size > BARRED_MAX && oldest !== undefined) this.#banned.delete(oldest);
    this.#known.delete(node);
    for (const connection of this.#libp2p.getConnections()) {
      if (connection.remotePeer.toString() === node) connection.abort(new Error("it broke a limit"));
    }
  }

  #revoke(): void {
    const serials = this.#plan.revocations?.serials ?? new Set();
    this.#founding?.revoke(serials);
    this.#stay?.revoke(serials);
  }

  #aborted(): Aborted {
    return new Aborted("swarm", { expected: "to go on", got: "an abort", cause: this.#plan.signal?.reason });
  }
}
