/**
 * Stay: one node's time as a member of a swarm, under one id. It joins three things: the links to the other members, the
 * membership that they agree on, and the program's peer, here or in a worker, to which it talks as a hub of threads does.
 */
import type { Connection, Stream } from "@libp2p/interface";
import { assert, PeerLost } from "../../base/errors.ts";
import type { PeerId, View } from "../../ports/view.ts";
import { handBack } from "../threads/blocks.ts";
import { crossError } from "../threads/crossed-error.ts";
import { type FromWorker, ROOM_STEP_BYTES, type ToWorker } from "../threads/protocol.ts";
import { type BodyReader, type ControlMessage, writeControl } from "./control-messages.ts";
import { beatOf, Links, type LinksOptions } from "./links.ts";
import type { MailReader } from "./mail-records.ts";
import { Membership, type MembershipOptions } from "./membership.ts";
import { memberOf, type SwarmView, viewOf } from "./swarm-view.ts";

/** How a stay ended. */
export type Ending = "left" | "expelled" | "stopped";

/** What happens in a swarm, for a log. */
export type SwarmEvent =
  | { readonly type: "view"; readonly view: SwarmView }
  /** This node has lost a member; the view will follow. */
  | { readonly type: "lost"; readonly id: PeerId; readonly node: string; readonly why: string }
  /** A member broke a limit or sent what no member sends: it is dropped and may not come back. */
  | { readonly type: "dropped"; readonly id: PeerId; readonly node: string; readonly why: string }
  /** Somebody was not let in. */
  | { readonly type: "refused"; readonly node: string; readonly address: string; readonly why: string }
  /** The members that this one reaches are too few to go on; or are enough again. */
  | { readonly type: "waiting"; readonly waiting: boolean }
  | { readonly type: "over"; readonly ending: Ending };

/** What a peer is told: in this thread, or through the port of its worker. */
export type PeerMessage = Exclude<ToWorker, { readonly type: "post" }>;
export type Desk = (message: PeerMessage) => void;

export interface StayOptions
  extends Omit<LinksOptions, "events">,
    Pick<MembershipOptions, "self" | "view" | "minority"> {
  readonly onEvent: (event: SwarmEvent) => void;
  /** A view was decided; joiners are answered. */
  readonly onView: (view: SwarmView, before: SwarmView) => void;
  /** A link was opened; streams of mail may have waited for it. */
  readonly onLink: () => void;
  readonly ban: (node: string) => void;
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
  /** What the peer is told; kept until there is one. */
  #desk: Desk | undefined;
  #untold: PeerMessage[] = [];
  #left = 0;
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
      send: (to, message) => this.links.get(to)?.send(message),
      onView: (view, before) => this.#enter(view, before),
      onOut: () => this.#out(),
    });
    this.links = new Links({ ...options, events: this.#linkEvents() });
    this.links.enter(options.view);
    this.#heartbeat = setInterval(() => this.#beat(), beatOf(options.detection) * 1000);
    options.onEvent({ type: "view", view: options.view });
  }

  /** The newest view. */
  get view(): SwarmView {
    return this.membership.view;
  }

  /** What the peer is told from here on, and what it was to be told before; once. */
  attach(desk: Desk): void {
    assert(this.#desk === undefined, "a stay has one peer");
    this.#desk = desk;
    const untold = this.#untold;
    this.#untold = [];
    for (const message of untold) desk(message);
  }

  /** What the peer says. */
  hear(message: FromWorker): void {
    if (message.type === "mail") this.#mail(message.to, message.frame);
    else if (message.type === "entered") this.links.note({ type: "entered", epoch: message.epoch });
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
    if (this.#options.isKnown(connection.remotePeer.toString())) {
      stream.send(writeControl({ type: "commit", view: this.view }));
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

  #tell(message: PeerMessage): void {
    if (this.#desk === undefined) this.#untold.push(message);
    else this.#desk(message);
  }

  #linkEvents(): LinksOptions["events"] {
    return {
      up: (id) => {
        this.membership.linkUp(id);
        this.#options.onLink();
      },
      down: (id, why) => {
        this.#tell({ type: "lost", id, why });
        if (this.#ended) return;
        const member = memberOf(this.view, id);
        if (member !== undefined) this.#options.onEvent({ type: "lost", id, node: member.node, why });
        this.membership.linkDown(id, why);
      },
      control: (id, message) => this.membership.hear(id, message),
      mail: (from, frame) => this.#tell({ type: "mail", from, frame }),
      entered: (id, epoch) => this.#tell({ type: "entered", id, epoch }),
      left: (id) => this.#tell({ type: "lost", id, why: "it has left" }),
      breach: (id, why) => this.#breach(id, why),
    };
  }

  #mail(to: PeerId, frame: Uint8Array): void {
    const gone = () => {
      handBack(frame);
      this.#left += frame.length;
      if (this.#left < ROOM_STEP_BYTES) return;
      this.#tell({ type: "room", bytes: this.#left });
      this.#left = 0;
    };
    const link = this.links.get(to);
    if (link === undefined) gone();
    else link.mail(frame, gone);
  }

  #breach(id: PeerId, why: string): void {
    const link = this.links.get(id);
    if (link === undefined) return;
    const { node } = link.member;
    this.#options.onEvent({ type: "dropped", id, node, why });
    this.#options.ban(node);
    this.membership.breach(id, why);
    link.down(why);
  }

  #enter(view: SwarmView, before: SwarmView): void {
    for (const { id } of before.members) {
      if (memberOf(view, id) !== undefined || this.links.get(id)?.state === "up") continue;
      this.#tell({ type: "lost", id, why: "it is no member any more" });
    }
    this.#tell({ type: "view", view: viewOf(view) });
    for (const [id, why] of this.membership.down) this.#tell({ type: "lost", id, why });
    this.links.enter(view);
    this.#options.onEvent({ type: "view", view });
    this.#options.onView(view, before);
  }

  #beat(): void {
    this.links.tick({ type: "alive", epoch: this.view.epoch });
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

  #finish(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#heartbeat);
    this.links.close("the stay is over");
    const reason = new PeerLost(`peer ${this.id}`, {
      expected: "to be a member of the swarm",
      got: ending === "expelled" ? `view ${this.view.epoch} without it` : `it has ${ending}`,
      ...(ending === "expelled" && { hint: "It was cut off or stopped for too long; it can join again." }),
    });
    if (ending !== "left") this.#tell({ type: "abort", reason: crossError(reason) });
    this.#options.onEvent({ type: "over", ending });
    this.#end(ending);
  }
}

const DROPPED = {
  corrupt: "a frame of it was damaged",
  refused: "it sent more than anybody asked for",
};
