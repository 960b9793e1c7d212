/**
 * Link: the streams between this node and one other member. A stream of control messages goes both ways and tells whether
 * the other is there; one stream of mail goes each way, from the first message on. When the control stream ends the link is
 * down, and mail that was under way is lost.
 */
import type { Connection, Stream } from "@libp2p/interface";
import { CorruptError } from "../../base/errors.ts";
import type { Seconds } from "../../base/units.ts";
import type { PeerId } from "../../ports/view.ts";
import { realTime } from "../threads/clock.ts";
import { type BodyReader, type ControlMessage, readControl, writeControl } from "./control-messages.ts";
import { Line, piecesOf } from "./lines.ts";
import { type MailReader, type Note, writeNote } from "./mail-records.ts";
import type { SwarmMember } from "./swarm-view.ts";

export const CONTROL_PROTOCOL = "/thinwire/control/1";
export const MAIL_PROTOCOL = "/thinwire/mail/1";

export interface LinkEvents {
  up(id: PeerId): void;
  /** Once for each time it was up, or could not be; all that came before was passed on. */
  down(id: PeerId, why: string): void;
  control(id: PeerId, message: ControlMessage): void;
  /** To be handed back. */
  mail(id: PeerId, frame: Uint8Array): void;
  entered(id: PeerId, epoch: number): void;
  /** It sends no more mail; it may still vote. */
  left(id: PeerId): void;
  breach(id: PeerId, why: string): void;
}

export class Link {
  readonly member: SwarmMember;
  readonly #self: PeerId;
  readonly #events: LinkEvents;
  #control: Stream | undefined;
  #connection: Connection | undefined;
  #out = new Line();
  #mailOut: Line | undefined;
  #mailIn: Stream | undefined;
  #mailReader: MailReader | undefined;
  #state: "opening" | "up" | "down" = "opening";
  /** Mail was sent since the other was last asked whether it came. */
  #hasNews = false;
  /** What to do when it answers, in the order of the questions. */
  #asked: (() => void)[] = [];
  /** It has said its last words. */
  #hasLeft = false;
  #heard: Seconds = realTime();

  constructor(self: PeerId, member: SwarmMember, events: LinkEvents) {
    this.#self = self;
    this.member = member;
    this.#events = events;
  }

  get state(): "opening" | "up" | "down" {
    return this.#state;
  }

  /** When the other last gave a sign of life, by `realTime`. */
  get heard(): Seconds {
    return this.#heard;
  }

  /** As if the other had given a sign of life. */
  touch(): void {
    this.#heard = realTime();
  }

  /** The link was down and is to be opened again. */
  reopen(): void {
    if (this.#state !== "down") return;
    this.#state = "opening";
    this.#out = new Line();
  }

  /** Takes a control stream that either side opened, past its first message. */
  attach(stream: Stream, connection: Connection, reader: BodyReader): void {
    if (this.#state === "up") this.down("it opened the link anew");
    this.reopen();
    this.#control = stream;
    this.#connection = connection;
    this.touch();
    this.#state = "up";
    const read = (pieces: Iterable<Uint8Array>) =>
      this.#guarded(() => {
        for (const body of reader.read(pieces)) this.#hear(readControl(body));
      });
    stream.addEventListener("message", ({ data }) => this.#control === stream && read(piecesOf(data)));
    const end = () => this.#control === stream && this.down("its connection was closed");
    stream.addEventListener("close", end);
    stream.addEventListener("remoteCloseWrite", end);
    this.#out.open(stream);
    if (this.#mailOut !== undefined) void this.#openMail(this.#mailOut, connection);
    this.#events.up(this.member.id);
    read([]);
    if (stream.readStatus === "paused") stream.resume();
    if (hasEnded(stream)) end();
  }

  /** Takes the stream of mail that the other opened, past its first note. */
  attachMail(stream: Stream, reader: MailReader): void {
    if (this.#mailIn !== undefined) {
      stream.abort(new Error("a second stream of mail"));
      this.#events.breach(this.member.id, "it opened a second stream of mail");
      return;
    }
    this.#mailIn = stream;
    this.#mailReader = reader;
    const read = (pieces: Iterable<Uint8Array>) =>
      this.#guarded(() => {
        for (const record of reader.read(pieces)) {
          if (record.type === "frame") this.#events.mail(this.member.id, record.frame);
          else this.#note(record);
        }
      });
    stream.addEventListener("message", ({ data }) => {
      if (this.#mailIn !== stream) return;
      this.touch();
      read(piecesOf(data));
    });
    const end = () => this.#mailIn === stream && !this.#hasLeft && this.down("its connection was closed");
    const endAll = () => (this.#hasLeft ? void stream.close().catch(() => {}) : end());
    stream.addEventListener("close", end);
    stream.addEventListener("remoteCloseWrite", endAll);
    read([]);
    if (stream.readStatus === "paused") stream.resume();
    if (hasEnded(stream)) endAll();
  }

  send(message: ControlMessage): void {
    if (this.#state !== "down") this.#out.write(writeControl(message));
  }

  /** @param gone told when the frame is with libp2p or lost; it must not change before */
  mail(frame: Uint8Array, gone: () => void): void {
    if (this.#state === "down") {
      gone();
      return;
    }
    this.#hasNews = true;
    this.#mailLine().write(frame, gone);
  }

  get hasNews(): boolean {
    return this.#hasNews;
  }

  /** Resolves when the other has all mail that was sent to it, or the link is down. */
  async arrived(): Promise<void> {
    this.#hasNews = false;
    if (this.#mailOut === undefined) return;
    this.#mailOut.write(writeNote({ type: "ask" }));
    await new Promise<void>((resolve) => this.#asked.push(resolve));
  }

  /** Tells what is true once the mail before it was read. */
  note(note: Extract<Note, { type: "entered" | "left" }>): void {
    if (this.#mailOut === undefined) this.send(note);
    else this.#mailOut.write(writeNote(note));
  }

  /** Says no more. Resolves when all that was said is on its way, or the link is down. */
  async end(): Promise<void> {
    if (this.#state === "down") return;
    await this.#mailOut?.endRead();
    await this.#out.end();
  }

  /** Ends the link; says so if it was not down. */
  down(why: string): void {
    if (this.#state === "down") return;
    this.cut(why);
    this.#events.down(this.member.id, why);
  }

  /** Ends the link without a word. */
  cut(why: string): void {
    this.#state = "down";
    const streams = [this.#control, this.#mailIn];
    this.#control = undefined;
    this.#mailIn = undefined;
    this.#mailReader?.close();
    this.#mailReader = undefined;
    this.#out.cut(why);
    this.#mailOut?.cut(why);
    this.#mailOut = undefined;
    this.#hasNews = false;
    for (const resolve of this.#asked.splice(0)) resolve();
    for (const stream of streams) stream?.abort(new Error(why));
  }

  #mailLine(): Line {
    if (this.#mailOut === undefined) {
      this.#mailOut = new Line();
      this.#mailOut.write(writeNote({ type: "open", from: this.#self, to: this.member.id }));
      if (this.#connection !== undefined && this.#state === "up") void this.#openMail(this.#mailOut, this.#connection);
    }
    return this.#mailOut;
  }

  async #openMail(line: Line, connection: Connection): Promise<void> {
    try {
      const stream = await connection.newStream(MAIL_PROTOCOL, { runOnLimitedConnection: true });
      stream.addEventListener("close", () => this.#mailOut === line && this.down("its connection was closed"));
      line.open(stream);
    } catch (error) {
      if (this.#mailOut === line) this.down(`no stream of mail to it: ${String(error)}`);
    }
  }

  #hear(message: ControlMessage): void {
    this.touch();
    if (message.type === "entered" || message.type === "left") this.#note(message);
    else if (message.type === "arrived") this.#asked.shift()?.();
    else this.#events.control(this.member.id, message);
  }

  #note(note: Note): void {
    if (note.type === "entered") this.#events.entered(this.member.id, note.epoch);
    if (note.type === "ask") this.send({ type: "arrived" });
    if (note.type !== "left") return;
    this.#hasLeft = true;
    this.#events.left(this.member.id);
  }

  /** What cannot be read is the sender's fault. */
  #guarded(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      this.#events.breach(this.member.id, error.message);
    }
  }
}

const hasEnded = (stream: Stream): boolean => stream.status !== "open" || stream.remoteWriteStatus === "closed";
