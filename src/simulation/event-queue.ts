/**
 * The events to come, in the order in which they happen: by time, then by phase within the instant, then by peer, then by
 * the order in which that peer made them. The order is total and a function of virtual time alone, so a seed replays it.
 */
import type { ThinwireError } from "../base/errors.ts";
import type { Seconds } from "../base/units.ts";
import type { PeerId } from "../ports/view.ts";

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

/** Children of an event in the heap: with four it is half as deep as with two, and siblings share a cache line. */
const ARITY = 4;

export class EventQueue {
  /**
   * A heap: no event comes before its parent, the event at ⌊(i − 1)/4⌋. What events are compared by lies beside them, so
   * that to move one reads no other.
   */
  readonly #events: Event[] = [];
  #times = new Float64Array(64);
  #ranks = new Float64Array(64);

  /** The next event that was not cancelled. */
  first(): Event | undefined {
    while (this.#events[0]?.cancelled) this.pop();
    return this.#events[0];
  }

  push(event: Event): void {
    const hole = this.#events.length;
    if (hole === this.#times.length) this.#grow();
    this.#events.push(event);
    this.#rise(hole, event, event.time, rankWithin(event));
  }

  pop(): Event | undefined {
    const first = this.#events[0];
    const last = this.#events.pop();
    const size = this.#events.length;
    if (last !== undefined && size > 0) this.#sink(last, this.#times[size]!, this.#ranks[size]!);
    return first;
  }

  /** Takes all events out, in no order. */
  drain(): readonly Event[] {
    return this.#events.splice(0);
  }

  /** All events to come, in no order. */
  get pending(): readonly Event[] {
    return this.#events;
  }

  #rise(from: number, event: Event, time: number, rank: number): void {
    let hole = from;
    while (hole > 0) {
      const parent = Math.floor((hole - 1) / ARITY);
      if (!this.#comes(time, rank, parent)) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#put(hole, event, time, rank);
  }

  /** Fills the place of the first event. */
  #sink(event: Event, time: number, rank: number): void {
    const size = this.#events.length;
    let hole = 0;
    for (let child = 1; child < size; child = ARITY * hole + 1) {
      let least = child;
      const end = Math.min(child + ARITY, size);
      for (let other = child + 1; other < end; other++) {
        if (this.#comes(this.#times[other]!, this.#ranks[other]!, least)) least = other;
      }
      if (this.#comes(time, rank, least)) break;
      this.#move(least, hole);
      hole = least;
    }
    this.#put(hole, event, time, rank);
  }

  /** Whether an event of this time and rank comes before the one at `index`. */
  #comes(time: number, rank: number, index: number): boolean {
    const other = this.#times[index]!;
    return time < other || (time === other && rank < this.#ranks[index]!);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#events[from]!, this.#times[from]!, this.#ranks[from]!);
  }

  #put(index: number, event: Event, time: number, rank: number): void {
    this.#events[index] = event;
    this.#times[index] = time;
    this.#ranks[index] = rank;
  }

  #grow(): void {
    const [times, ranks] = [this.#times, this.#ranks];
    this.#times = new Float64Array(2 * times.length);
    this.#ranks = new Float64Array(2 * ranks.length);
    this.#times.set(times);
    this.#ranks.set(ranks);
  }
}

/** Phase, owner and order within an instant as one number below 2⁵³: owners have 16 bits, so an order may reach 2³⁵. */
const rankWithin = ({ phase, owner, order }: Event): number => (phase * 2 ** 16 + owner) * 2 ** 35 + order;
