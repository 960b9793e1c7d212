/**
 * What happened in a simulation, event by event. The same options give the same events in the same order.
 */
import type { Bytes, Seconds } from "../base/units.ts";
import type { Tag } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";

/**
 * A message enters the sender's queue (`send`), is delivered, or will never be (`drop`: lost on the wire, cut off by a
 * crash, a duplicate, too much unclaimed mail, or a receiver that is gone). A message that the wire doubles is copied.
 */
export interface MailEvent {
  readonly kind: "send" | "deliver" | "drop" | "copy";
  readonly time: Seconds;
  readonly from: PeerId;
  readonly to: PeerId;
  /** Framed. */
  readonly bytes: Bytes;
  readonly tag: Tag;
}

/** A program returned (`leave`) or was stopped by a scripted crash. */
export interface PeerEvent {
  readonly kind: "leave" | "crash";
  readonly time: Seconds;
  readonly from: PeerId;
}

export type TraceEvent = MailEvent | PeerEvent;
export type Trace = (event: TraceEvent) => void;
