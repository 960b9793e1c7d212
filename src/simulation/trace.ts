/**
 * What happened in a simulation, event by event. The same options give the same events in the same order.
 */
import type { Bytes, Seconds } from "../base/units.ts";
import type { Tag } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";

/** Why a message that was sent is not delivered. */
export type Loss = "lost" | "corrupt" | "cut off" | "nobody there" | "refused";

interface OfMessage {
  readonly from: PeerId;
  readonly to: PeerId;
  /** Framed. */
  readonly bytes: Bytes;
  readonly tag: Tag;
}

/**
 * A message enters the sender's queue (`send`; `again` where an earlier copy was lost), is doubled on its way (`copy`), is
 * delivered, or will never be (`drop`).
 */
export interface MailEvent extends OfMessage {
  readonly kind: "send" | "deliver" | "drop" | "copy";
  readonly time: Seconds;
  readonly again?: boolean;
  readonly why?: Loss;
}

/** A message passes the up port of its sender or the down port of its receiver. */
export interface PortEvent extends OfMessage {
  readonly kind: "up" | "down";
  readonly time: Seconds;
  readonly until: Seconds;
  /** Tells the attempts of one sender apart. */
  readonly serial: number;
}

/** A program returned (`leave`), a peer stopped before its program did (`crash`), or one that had stopped came back. */
export interface PeerEvent {
  readonly kind: "leave" | "crash" | "return";
  readonly time: Seconds;
  readonly from: PeerId;
}

/** A program worked (`gradient`, `encode`, …) or waited for mail. */
export interface ProgramEvent {
  readonly kind: "work" | "wait";
  readonly time: Seconds;
  readonly until: Seconds;
  readonly from: PeerId;
  /** Of the work, or the call that waited. */
  readonly label: string;
  readonly tag?: Tag;
}

export type TraceEvent = MailEvent | PortEvent | PeerEvent | ProgramEvent;
export type Trace = (event: TraceEvent) => void;
