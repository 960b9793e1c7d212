/**
 * The events to come, in the order in which they happen: by time, then by phase within the instant, then by peer, then by
 * the order in which that peer made them. The order is total and a function of virtual time alone, so a seed replays it.
 *
 * Mail comes in few ascending sequences: what a peer sends arrives in order, and so does what all peers send at once; ports
 * are done in order. An event that follows the last one of a sequence is only put behind it; a heap takes what is left.
 */
import type { ThinwireError } from "../base/errors.ts";
import type { Seconds } from "../base/units.ts";
import type { PeerId } from "../ports/view.ts";
import { EventHeap } from "./event-heap.ts";
import { EventRun } from "./event-run.ts";

/**
 * Within one instant crashes come first, then mail and ends of work, then the loss of peers that are gone; deadlines
 * come last, so that mail of the very instant of a deadline is still in time.
 */
export const PHASES = { crash: 0, mail: 1, loss: 2, deadline: 3 } as const;
export type Phase = (typeof PHASES)[keyof typeof PHASES];

export interface Event {
  readonly time: Seconds;
  readonly phase: Phase;
  readonly owner: PeerId;
  /** Counts the events of one owner. */
  readonly order: number;
  /** Will not happen; it is skipped and moves no clock. */
  readonly cancelled: boolean;
  /** No program can run on because of what has just happened. */
  readonly quiet?: boolean;
  fire(): void;
  /** The run ends before the event: settles whoever waits for it. */
  abort(error: ThinwireError): void;
}

/** Sequences at a time. */
const RUNS = 6;

export class EventQueue {
  readonly #runs: readonly EventRun<Event>[] = Array.from({ length: RUNS }, () => new EventRun<Event>());
  readonly #heap = new EventHeap<Event>();
  /** Where the next event is; undefined where that must be looked for. */
  #next: EventRun<Event> | EventHeap<Event> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The next event that was not cancelled. */
  first(): Event | undefined {
    while (this.#size > 0) {
      const event = this.#earliest().first;
      if (!event.cancelled) return event;
      this.pop();
    }
    return undefined;
  }

  push(event: Event): void {
    this.#size += 1;
    this.#next = undefined;
    const { time } = event;
    const rank = rankWithin(event);
    // What is far off, such as crashes and deadlines, would keep nearer mail out of a sequence.
    if (event.phase === PHASES.mail) {
      for (const run of this.#runs) if (run.take(event, time, rank)) return;
    }
    this.#heap.push(event, time, rank);
  }

  pop(): Event | undefined {
    if (this.#size === 0) return undefined;
    const lane = this.#earliest();
    const { first } = lane;
    lane.pop();
    this.#next = undefined;
    this.#size -= 1;
    return first;
  }

  /** Takes all events out, in no order. */
  drain(): readonly Event[] {
    const events = this.pending;
    for (const lane of [...this.#runs, this.#heap]) lane.clear();
    this.#next = undefined;
    this.#size = 0;
    return events;
  }

  /** All events to come, in no order. */
  get pending(): readonly Event[] {
    return [...this.#runs, this.#heap].flatMap(({ all }) => all);
  }

  #earliest(): EventRun<Event> | EventHeap<Event> {
    let earliest = this.#next;
    if (earliest !== undefined) return earliest;
    earliest = this.#heap;
    let time = earliest.size > 0 ? earliest.time : Number.POSITIVE_INFINITY;
    for (const run of this.#runs) {
      if (run.size === 0 || run.time > time) continue;
      if (run.time === time && earliest.size > 0 && run.rank > earliest.rank) continue;
      earliest = run;
      time = run.time;
    }
    this.#next = earliest;
    return earliest;
  }
}

/** Phase, owner and order within an instant as one number below 2⁵³: owners have 16 bits, so an order may reach 2³⁵. */
const rankWithin = ({ phase, owner, order }: Event): number => (phase * 2 ** 16 + owner) * 2 ** 35 + order;
