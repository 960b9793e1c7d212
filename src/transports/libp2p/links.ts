/**
 * The links of one member to all others. The younger of two opens the link and repeats it for a while; the older waits for
 * it. Heartbeats tell a member that is stopped or cut off from one that has nothing to say.
 */
import type { Connection, Libp2p, Stream } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { type Seconds, seconds } from "../../base/units.ts";
import type { PeerId } from "../../ports/view.ts";
import { realTime } from "../threads/clock.ts";
import { dialable } from "./addresses.ts";
import { call } from "./calling.ts";
import { BodyReader, type ControlMessage, writeControl } from "./control-messages.ts";
import { CONTROL_PROTOCOL, Link, type LinkEvents } from "./link.ts";
import type { MailReader, Note } from "./mail-records.ts";
import { punchingOf } from "./punching.ts";
import { CONTROL_BYTES_MAX } from "./swarm-limits.ts";
import type { SwarmView } from "./swarm-view.ts";

export interface LinksOptions {
  readonly libp2p: Libp2p;
  readonly self: PeerId;
  /** A member that is silent for so long is lost. */
  readonly detection: Seconds;
  /** A member that cannot be reached for so long is lost. */
  readonly patience: Seconds;
  /** How long to wait for a direct connection where one leads through a relay; 0: not at all. */
  readonly punch: Seconds;
  readonly events: LinkEvents;
}

/** Between two attempts to open a link, at first; twice as long each time. */
const RETRY_MS = 100;
const RETRY_MS_MAX = 2000;

/** Heartbeats in the time of detection, and looks at who is silent. */
export const BEATS = 4;
const LOOKS = 16;

export class Links {
  readonly #options: LinksOptions;
  readonly #links = new Map<PeerId, Link>();
  readonly #closed = new AbortController();
  /** Who is no member any more, but may have something left to say. */
  readonly #parting = new Set<PeerId>();
  #view: SwarmView | undefined;
  #lastLook: Seconds = realTime();

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  get(id: PeerId): Link | undefined {
    return this.#links.get(id);
  }

  /**
   * Links to the members of a view are opened. Those to others end by themselves when they have said what they had to say,
   * or after the time of detection.
   */
  enter(view: SwarmView): void {
    this.#view = view;
    const { self, detection } = this.#options;
    for (const [id, link] of this.#links) {
      if (view.members.some((member) => member.id === id) || this.#parting.has(id)) continue;
      this.#parting.add(id);
      this.#later(detection, () => {
        this.#links.delete(id);
        link.down("it is no member any more");
      });
    }
    const own = view.members.findIndex(({ id }) => id === self);
    for (const [rank, member] of view.members.entries()) {
      if (member.id === self || this.#links.has(member.id)) continue;
      const link = new Link(self, member, this.#options.events);
      this.#links.set(member.id, link);
      if (rank < own) void this.#open(link);
      else this.#expect(link);
    }
  }

  /** Tries again to open the links that are down. */
  retry(): void {
    for (const link of this.#links.values()) {
      if (link.state !== "down" || this.#parting.has(link.member.id)) continue;
      link.reopen();
      void this.#open(link);
    }
  }

  /** A member opened a control stream to this one. Of two opened at a time the one of the younger stays. */
  accept(id: PeerId, stream: Stream, connection: Connection, reader: BodyReader): void {
    const link = this.#links.get(id);
    const members = this.#view?.members ?? [];
    const isYounger = members.findIndex((m) => m.id === id) > members.findIndex((m) => m.id === this.#options.self);
    if (link === undefined || (link.state === "up" && !isYounger)) stream.abort(new Error("there is a stream already"));
    else link.attach(stream, connection, reader);
  }

  acceptMail(id: PeerId, stream: Stream, reader: MailReader): void {
    this.#links.get(id)?.attachMail(stream, reader);
  }

  /** Tells all members, each after the mail that was sent to it. */
  note(note: Extract<Note, { type: "entered" | "left" }>): void {
    for (const link of this.#links.values()) link.note(note);
  }

  /**
   * Resolves when half of the members that mail was sent to have it. Not all: the answer of one may wait behind what that one
   * sends, and says nothing of this node's wire.
   */
  arrived(): Promise<void> {
    const questions = [...this.#links.values()].filter(({ hasNews }) => hasNews).map((link) => link.arrived());
    return new Promise((resolve) => {
      let missing = Math.ceil(questions.length / 2);
      if (missing === 0) resolve();
      for (const question of questions) void question.then(() => --missing === 0 && resolve());
    });
  }

  /** A heartbeat. To be called `BEATS` times in the time of detection. */
  beat(alive: ControlMessage): void {
    for (const link of this.#links.values()) if (link.state === "up") link.send(alive);
  }

  /** Loses whoever is silent. To be called `LOOKS` times in the time of detection. */
  look(): void {
    const { detection } = this.#options;
    const now = realTime();
    const wasStopped = now - this.#lastLook > (2 * detection) / LOOKS + 1;
    this.#lastLook = now;
    for (const link of this.#links.values()) {
      if (link.state !== "up") continue;
      if (wasStopped) link.touch(); // others were not silent, this process was not there to hear them
      if (now - link.heard > detection) link.down(`no sign of life for ${Math.round(detection)} s`);
    }
  }

  /** Says no more. Resolves when all that was said is on its way. */
  async end(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.end()));
  }

  close(why: string): void {
    this.#closed.abort();
    for (const link of this.#links.values()) link.cut(why);
    this.#links.clear();
  }

  async #open(link: Link): Promise<void> {
    const { patience, self } = this.#options;
    const until = realTime() + patience;
    for (let pause = RETRY_MS; link.state === "opening" && !this.#closed.signal.aborted; pause *= 2) {
      try {
        const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(patience * 1000)]);
        const connection = await this.#connect(link, signal);
        const stream = await connection.newStream(CONTROL_PROTOCOL, { runOnLimitedConnection: true, signal });
        if (link.state !== "opening") return stream.abort(new Error("the link was opened from the other side"));
        const { epoch } = this.#view!; // a link is made for a view
        stream.send(writeControl({ type: "hello", from: self, to: link.member.id, epoch }));
        return link.attach(stream, connection, new BodyReader(CONTROL_BYTES_MAX));
      } catch (error) {
        if (realTime() > until)
          return link.down(`it cannot be reached: ${error instanceof Error ? error.message : error}`);
      }
      await this.#pause(Math.min(pause, RETRY_MS_MAX));
    }
  }

  async #connect(link: Link, signal: AbortSignal): Promise<Connection> {
    const { libp2p, punch } = this.#options;
    const { node, addresses } = link.member;
    const direct = () =>
      libp2p.getConnections(peerIdFromString(node)).find((open) => open.limits === undefined && open.direct);
    const connection = direct() ?? (await call(libp2p, dialable(addresses, node), signal));
    if (connection.direct || punch === 0) return connection;
    const punching = punchingOf(libp2p);
    if (punching === undefined) return (await this.#calledBack(direct, punch)) ?? connection;
    const punched = await punching.punch(connection);
    if (punched === undefined) return direct() ?? connection; // it may have called back meanwhile
    await connection.close({ signal });
    return punched;
  }

  /** The direct connection that the other opens, if it does in time: this node can be reached. */
  #calledBack(direct: () => Connection | undefined, within: Seconds): Promise<Connection | undefined> {
    const { libp2p } = this.#options;
    return new Promise((resolve) => {
      const look = () => {
        if (direct() === undefined) return;
        finish();
      };
      const timer = setTimeout(finish, within * 1000);
      function finish(): void {
        clearTimeout(timer);
        libp2p.removeEventListener("connection:open", look);
        resolve(direct());
      }
      libp2p.addEventListener("connection:open", look);
      look();
    });
  }

  /** The other opens the link, in time. */
  #expect(link: Link): void {
    const { patience } = this.#options;
    this.#later(patience, () => {
      if (link.state === "opening") link.down(`it did not connect within ${Math.round(patience)} s`);
    });
  }

  #later(delay: Seconds, callback: () => void): void {
    const timer = setTimeout(() => {
      this.#closed.signal.removeEventListener("abort", cancel);
      callback();
    }, delay * 1000).unref();
    const cancel = () => clearTimeout(timer);
    this.#closed.signal.addEventListener("abort", cancel, { once: true });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#closed.signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#closed.signal.addEventListener("abort", done, { once: true });
    });
  }
}

/** Time between two heartbeats. */
export const beatOf = (detection: Seconds): Seconds => seconds(detection / BEATS);

/** Time between two looks. */
export const lookOf = (detection: Seconds): Seconds => seconds(detection / LOOKS);
