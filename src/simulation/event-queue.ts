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
  fire(): void;
  /** The run ends before the event: settles whoever waits for it. */
  abort(error: ThinwireError): void;
}

export class EventQueue {
  /** A binary heap: no event comes before its parent, the event at (i − 1) >> 1. */
  #heap: Event[] = [];

  /** The next event that was not cancelled. */
  first(): Event | undefined {
    while (this.#heap[0]?.cancelled) this.pop();
    return this.#heap[0];
  }

  push(event: Event): void {
    const heap = this.#heap;
    let hole = heap.length;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[hole] = heap[parent]!;
      hole = parent;
    }
    heap[hole] = event;
  }

  pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[hole] = heap[child]!;
      hole = child;
    }
    heap[hole] = last;
    return first;
  }

  /** Takes all events out, in no order. */
  drain(): readonly Event[] {
    const events = this.#heap;
    this.#heap = [];
    return events;
  }

  /** All events to come, in no order. */
  get pending(): readonly Event[] {
    return this.#heap;
  }
}

function isBefore(a: Event, b: Event): boolean {
  if (a.time !== b.time) return a.time < b.time;
  if (a.phase !== b.phase) return a.phase < b.phase;
  if (a.owner !== b.owner) return a.owner < b.owner;
  return a.order < b.order;
}
