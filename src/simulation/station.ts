/**
 * One peer's end of the simulated network: its ports, its mail, and whether it is still there. A peer that comes back has
 * a new one.
 */
import { Aborted } from "../base/errors.ts";
import { type Seconds, seconds } from "../base/units.ts";
import type { Meter } from "../ports/meter.ts";
import type { PeerId } from "../ports/view.ts";
import { Mailbox, type MailLimits } from "../rounds/mailbox.ts";
import { PHASES } from "./event-queue.ts";
import type { Link } from "./link.ts";
import type { Era, Member } from "./membership.ts";
import type { Source, VirtualTime } from "./virtual-time.ts";

/** How many times longer than usual the n-th piece of a peer's work takes. */
export type Pace = (n: number) => number;

export interface StationOptions {
  readonly id: PeerId;
  readonly link: Link;
  readonly meter: Meter;
  readonly era: Era;
  readonly limits: Partial<MailLimits>;
  readonly pace: Pace | undefined;
}

export class Station implements Source, Member {
  readonly id: PeerId;
  readonly link: Link;
  readonly meter: Meter;
  readonly mailbox: Mailbox;
  readonly pace: Pace | undefined;
  /** Each its own: to add a thousand listeners to one signal takes a million steps. */
  readonly abort: AbortController = new AbortController();
  era: Era;
  events = 0;
  /** Attempts at sending a message. */
  attempts = 0;
  /** Pieces of work that cost time. */
  pieces = 0;
  upFree: Seconds;
  downFree: Seconds;
  /** Messages sent that have neither arrived nor been dropped. */
  inFlight = 0;
  /** Those of them that were sent in older views. */
  inFlightBefore = 0;
  /** Who has ever waited for mail of this peer alone, or of few. */
  readonly listeners: Set<Station> = new Set();
  /** Among whose listeners it was entered last. */
  heard: Station | undefined;
  /** Why this peer sends and receives no more. */
  ended: string | undefined;
  /** It ended without a word. */
  crashed = false;
  stopped = false;

  constructor(time: VirtualTime, options: StationOptions, before?: Station) {
    const { id, link, meter, era, limits, pace } = options;
    this.id = id;
    this.link = link;
    this.meter = meter;
    this.era = era;
    this.pace = pace;
    this.upFree = time.now();
    this.downFree = time.now();
    if (before !== undefined) {
      this.events = before.events;
      this.attempts = before.attempts;
      this.pieces = before.pieces;
    }
    const after = (delay: Seconds, callback: () => void) => this.#after(time, delay, callback);
    const { lost, view } = era;
    this.mailbox = new Mailbox({ owner: id, after, signal: this.abort.signal, limits, lost, epoch: view.epoch });
  }

  /** The run is torn down: every wait rejects. */
  stop(reason: unknown): void {
    this.stopped = true;
    this.abort.abort(reason);
  }

  /** The error of a call in a run that is torn down. */
  aborted(call: string, label?: string): Aborted {
    return new Aborted(`peer ${this.id}: ${call}${label === undefined ? "" : ` "${label}"`}`, {
      expected: "to go on",
      got: "an abort",
      cause: this.abort.signal.reason,
    });
  }

  enter(era: Era): void {
    this.era = era;
    this.mailbox.enter(era.view.epoch, era.lost);
  }

  #after(time: VirtualTime, delay: Seconds, callback: () => void): () => void {
    if (delay === Number.POSITIVE_INFINITY) return () => {};
    const timer = time.at(seconds(time.now() + Math.max(0, delay)), PHASES.deadline, this, () => {
      if (this.ended === undefined) callback();
    });
    return () => {
      timer.cancelled = true;
    };
  }
}
