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
const ARITY_BITS = 2;
const ARITY = 2 ** ARITY_BITS;

export class EventQueue {
  /** Events lie where they are until they are taken out; only their places move in the heap. */
  readonly #events: (Event | undefined)[] = [];
  #free: Int32Array<ArrayBuffer> = new Int32Array(64);
  #freeCount = 0;
  /**
   * A heap: no event comes before its parent, the one at ⌊(i − 1)/4⌋. What events are compared by lies beside their
   * places, so that to move one touches none.
   */
  #times: Float64Array<ArrayBuffer> = new Float64Array(64);
  #ranks: Float64Array<ArrayBuffer> = new Float64Array(64);
  #places: Int32Array<ArrayBuffer> = new Int32Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The next event that was not cancelled. */
  first(): Event | undefined {
    while (this.#size > 0) {
      const event = this.#events[this.#places[0]!]!;
      if (!event.cancelled) return event;
      this.pop();
    }
    return undefined;
  }

  push(event: Event): void {
    const hole = this.#size++;
    if (hole === this.#times.length) this.#grow();
    const place = this.#freeCount > 0 ? this.#free[--this.#freeCount]! : this.#events.length;
    this.#events[place] = event;
    this.#rise(hole, event.time, rankWithin(event), place);
  }

  pop(): Event | undefined {
    if (this.#size === 0) return undefined;
    const place = this.#places[0]!;
    const first = this.#events[place];
    this.#events[place] = undefined;
    this.#free[this.#freeCount++] = place;
    const last = --this.#size;
    if (last > 0) this.#sink(this.#times[last]!, this.#ranks[last]!, this.#places[last]!);
    return first;
  }

  /** Takes all events out, in no order. */
  drain(): readonly Event[] {
    const events = this.pending;
    this.#events.length = 0;
    this.#freeCount = 0;
    this.#size = 0;
    return events;
  }

  /** All events to come, in no order. */
  get pending(): readonly Event[] {
    return this.#events.filter((event) => event !== undefined);
  }

  #rise(from: number, time: number, rank: number, place: number): void {
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> ARITY_BITS;
      if (!this.#comes(time, rank, parent)) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#put(hole, time, rank, place);
  }

  /** Fills the place of the first event. */
  #sink(time: number, rank: number, place: number): void {
    const size = this.#size;
    let hole = 0;
    for (let child = 1; child < size; child = (hole << ARITY_BITS) + 1) {
      let least = child;
      const end = Math.min(child + ARITY, size);
      for (let other = child + 1; other < end; other++) {
        if (this.#comes(this.#times[other]!, this.#ranks[other]!, least)) least = other;
      }
      if (this.#comes(time, rank, least)) break;
      this.#move(least, hole);
      hole = least;
    }
    this.#put(hole, time, rank, place);
  }

  /** Whether an event of this time and rank comes before the one at `index`. */
  #comes(time: number, rank: number, index: number): boolean {
    const other = this.#times[index]!;
    return time < other || (time === other && rank < this.#ranks[index]!);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#ranks[from]!, this.#places[from]!);
  }

  #put(index: number, time: number, rank: number, place: number): void {
    this.#times[index] = time;
    this.#ranks[index] = rank;
    this.#places[index] = place;
  }

  #grow(): void {
    const length = 2 * this.#times.length;
    this.#times = copied(this.#times, new Float64Array(length));
    this.#ranks = copied(this.#ranks, new Float64Array(length));
    this.#places = copied(this.#places, new Int32Array(length));
    this.#free = copied(this.#free, new Int32Array(length));
  }
}

function copied<A extends Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(from: A, to: A): A {
  to.set(from);
  return to;
}

/** Phase, owner and order within an instant as one number below 2⁵³: owners have 16 bits, so an order may reach 2³⁵. */
const rankWithin = ({ phase, owner, order }: Event): number => (phase * 2 ** 16 + owner) * 2 ** 35 + order;
