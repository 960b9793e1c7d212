/**
 * Stay: one node's time as a member of a swarm, under one id. It joins three things: the links to the other members, the
 * membership that they agree on, and the program's peer, here or in a worker, to which it talks as a hub of threads does.
 */
import type { Connection, Stream } from "@libp2p/interface";
import { CorruptError, PeerLost } from "../../base/errors.ts";
import type { PeerId, View } from "../../ports/view.ts";
import { crossError } from "../threads/crossed-error.ts";
import type { FromWorker } from "../threads/protocol.ts";
import { type BodyReader, type ControlMessage, writeControl } from "./control-messages.ts";
import { type Desk, FrontDesk } from "./desk.ts";
import { beatOf, Links, type LinksOptions, lookOf } from "./links.ts";
import type { MailReader } from "./mail-records.ts";
import { Membership, type MembershipOptions } from "./membership.ts";
import type { Ending, SwarmEvent } from "./swarm-event.ts";
import { memberOf, type SwarmMember, type SwarmView, viewOf } from "./swarm-view.ts";

export type { Desk, PeerMessage } from "./desk.ts";

export interface StayOptions
  extends Omit<LinksOptions, "events">,
    Pick<MembershipOptions, "self" | "view" | "minority" | "signing"> {
  readonly onEvent: (event: SwarmEvent) => void;
  /** A view was decided; joiners are answered. */
  readonly onView: (view: SwarmView, before: SwarmView) => void;
  /** A link was opened; streams of mail may have waited for it. */
  readonly onLink: () => void;
  readonly ban: (node: string, why: string) => void;
  /** A member passes on the list of revoked tickets. @returns whether it is what a member passes on */
  readonly onRevoked: (list: Uint8Array) => Promise<boolean>;
  /** The list that this node knows; empty if there is none. */
  readonly revoked: () => Uint8Array;
  readonly isRevoked: (ticket: string) => boolean;
  /** Whether a node was admitted once: only such hear of views. */
  readonly isKnown: (node: string) => boolean;
}

export class Stay {
  readonly id: PeerId;
  /** The view that the program begins in; it is told of those that follow. */
  readonly first: View;
  readonly over: Promise<Ending>;
  readonly links: Links;
  readonly membership: Membership;
  readonly #options: StayOptions;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #lookout: NodeJS.Timeout;
  readonly #desk = new FrontDesk();
  /** Who was said to be dropped. */
  readonly #dropped = new Set<PeerId>();
  #waiting = false;
  #ended = false;
  #leaving = false;
  #end: (ending: Ending) => void = () => {};

  constructor(options: StayOptions) {
    this.#options = options;
    this.id = options.self;
    this.first = viewOf(options.view);
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.membership = new Membership({
      self: options.self,
      view: options.view,
      ...(options.minority && { minority: options.minority }),
      signing: options.signing,
      send: (to, message) => this.links.get(to)?.send(message),
      onView: (view, before) => this.#enter(view, before),
      onOut: () => this.#out(),
    });
    this.links = new Links({ ...options, events: this.#linkEvents() });
    this.links.enter(options.view);
    this.#heartbeat = setInterval(() => this.#beat(), beatOf(options.detection) * 1000);
    this.#lookout = setInterval(() => this.links.look(), lookOf(options.detection) * 1000);
    options.onEvent({ type: "view", view: options.view });
  }

  /** The newest view. */
  get view(): SwarmView {
    return this.membership.view;
  }

  /** What the peer is told from here on, and what it was to be told before; once. */
  attach(desk: Desk): void {
    this.#desk.attach(desk);
  }

  /** What the peer says. */
  hear(message: FromWorker): void {
    if (message.type === "mail") this.#desk.mail(this.links, message.to, message.frame);
    else if (message.type === "flush") this.#desk.flush(this.links);
    else if (message.type === "entered") this.links.note({ type: "entered", epoch: message.epoch });
    else if (message.type === "expel") this.#breach(message.id, message.why);
    else if (message.type === "drop" && (message.drop.why === "corrupt" || message.drop.why === "refused")) {
      this.#breach(message.drop.from, DROPPED[message.drop.why]);
    }
  }

  /** Leaves in good order: what was sent arrives, and the others go on at once. Resolves when that is done. */
  async leave(): Promise<void> {
    if (this.#ended) return;
    this.#leaving = true;
    this.links.note({ type: "left" });
    this.membership.leave();
    const patience = setTimeout(() => this.stop(), this.#options.patience * 1000);
    await this.over;
    clearTimeout(patience);
  }

  /** Members whose tickets were revoked go, and all others hear of it. */
  revoke(serials: ReadonlySet<string>): void {
    for (const { id } of this.view.members) this.#passOn(id);
    this.membership.revoke(serials);
  }

  /** Ends without a word, as a crash would. */
  stop(): void {
    this.#finish("stopped");
  }

  /**
   * A member may have opened this control stream; one that the others went on without is told so.
   * @returns false if a later view may tell
   */
  offerControl(
    hello: Extract<ControlMessage, { type: "hello" }>,
    stream: Stream,
    connection: Connection,
    reader: BodyReader,
  ): boolean {
    const isMember = this.links.get(hello.from)?.member.node === connection.remotePeer.toString();
    if (isMember && hello.to === this.id) {
      this.links.accept(hello.from, stream, connection, reader);
      return true;
    }
    if (hello.epoch > this.view.epoch) return false;
    const node = connection.remotePeer.toString();
    if (this.#options.isKnown(node) || this.view.barred.some((one) => one.node === node)) {
      for (const decision of this.membership.decisionsAfter(hello.epoch)) {
        stream.send(writeControl({ type: "commit", ...decision }));
      }
      stream.close().catch(() => {});
    } else stream.abort(new Error("nobody here knows the sender"));
    return true;
  }

  /** @returns false if a later view, or the link that is being opened, may tell whose mail it is */
  offerMail(from: PeerId, to: PeerId, stream: Stream, connection: Connection, reader: MailReader): boolean {
    const link = this.links.get(from);
    if (link === undefined || link.state === "opening") return false;
    if (link.member.node === connection.remotePeer.toString() && to === this.id && link.state === "up") {
      link.attachMail(stream, reader);
    } else stream.abort(new Error("no mail from here"));
    return true;
  }

  #linkEvents(): LinksOptions["events"] {
    return {
      up: (id) => {
        this.#passOn(id);
        this.membership.linkUp(id);
        this.#options.onLink();
      },
      down: (id, why) => {
        this.#desk.tell({ type: "lost", id, why });
        if (this.#ended) return;
        const member = memberOf(this.view, id);
        if (member !== undefined) this.#options.onEvent({ type: "lost", id, node: member.node, why });
        this.membership.linkDown(id, why);
      },
      control: (id, message) => {
        if (message.type === "revoked") void this.#hearRevoked(id, message.list);
        else this.membership.hear(id, message);
      },
      mail: (from, frame) => this.#desk.tell({ type: "mail", from, frame }),
      entered: (id, epoch) => this.#desk.tell({ type: "entered", id, epoch }),
      left: (id) => this.#desk.tell({ type: "lost", id, why: "it has left" }),
      breach: (id, why) => this.#breach(id, why),
    };
  }

  async #hearRevoked(from: PeerId, list: Uint8Array): Promise<void> {
    try {
      if (await this.#options.onRevoked(list)) return;
      this.#breach(from, "it passed on a list of tickets that nobody signed");
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      this.#breach(from, error.message);
    }
  }

  #passOn(to: PeerId): void {
    const list = this.#options.revoked();
    if (list.length > 0) this.links.get(to)?.send({ type: "revoked", list });
  }

  #breach(id: PeerId, why: string): void {
    const link = this.links.get(id);
    if (link === undefined) return;
    this.#sayDropped(link.member, why);
    this.membership.breach(id, why); // before the connection breaks, for the view that follows from that is to name it
    this.#options.ban(link.member.node, why);
    link.down(why);
  }

  #enter(view: SwarmView, before: SwarmView): void {
    for (const { node, why } of view.barred) this.#hearDropped(node, why, before);
    for (const { id, node, ticket } of before.members) {
      const isOut = memberOf(view, id) === undefined && this.#options.isRevoked(ticket);
      if (isOut) this.#options.onEvent({ type: "revoked", id, node, ticket });
      if (memberOf(view, id) !== undefined || this.links.get(id)?.state === "up") continue;
      this.#desk.tell({ type: "lost", id, why: "it is no member any more" });
    }
    this.#desk.tell({ type: "view", view: viewOf(view) });
    for (const [id, why] of this.membership.down) this.#desk.tell({ type: "lost", id, why });
    this.links.enter(view);
    this.#options.onEvent({ type: "view", view });
    this.#options.onView(view, before);
  }

  /** The others found a member at fault. */
  #hearDropped(node: string, why: string, before: SwarmView): void {
    if (before.barred.some((one) => one.node === node)) return;
    const member = before.members.find((one) => one.node === node);
    if (member !== undefined) this.#sayDropped(member, why);
    this.#options.ban(node, why);
  }

  #sayDropped({ id, node, ticket }: SwarmMember, why: string): void {
    if (this.#dropped.has(id)) return;
    this.#dropped.add(id);
    this.#options.onEvent({ type: "dropped", id, node, why, ticket });
  }

  #beat(): void {
    this.links.beat({ type: "alive", epoch: this.view.epoch });
    this.membership.tick();
    const { waits } = this.membership;
    if (waits && !this.#ended) this.links.retry();
    if (waits !== this.#waiting && !this.#ended) this.#options.onEvent({ type: "waiting", waiting: waits });
    this.#waiting = waits;
  }

  #out(): void {
    if (this.#leaving) void this.links.end().then(() => this.#finish("left"));
    else this.#finish("expelled");
  }

  get #whyExpelled(): string {
    const self = memberOf(this.#options.view, this.id);
    const barred = this.view.barred.find(({ node }) => node === self?.node);
    if (barred !== undefined) return `It was dropped, and cannot join again: ${barred.why}`;
    if (self !== undefined && this.#options.isRevoked(self.ticket)) return "Its ticket was revoked; it needs another.";
    return "It was cut off or stopped for too long; it can join again.";
  }

  #finish(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#heartbeat);
    clearInterval(this.#lookout);
    this.links.close("the stay is over");
    const reason = new PeerLost(`peer ${this.id}`, {
      expected: "to be a member of the swarm",
      got: ending === "expelled" ? `view ${this.view.epoch} without it` : `it has ${ending}`,
      ...(ending === "expelled" && { hint: this.#whyExpelled }),
    });
    if (ending !== "left") this.#desk.tell({ type: "abort", reason: crossError(reason) });
    this.#options.onEvent({ type: "over", ending });
    this.#end(ending);
  }
}

const DROPPED = {
  corrupt: "a frame of it was damaged",
  refused: "it sent more than anybody asked for",
};
