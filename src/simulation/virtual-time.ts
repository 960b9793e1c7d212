/**
 * Virtual time: it stands still while a program can run on, and then jumps to the next event. All events of one phase of
 * one instant happen before any program sees one of them.
 *
 * Programs await nothing but their `Peer`, so once no microtask is left every program is parked. Work whose promise
 * settles in a later turn of the event loop (a native call) is announced by `hold`, and stops the clock until it ends.
 */
import type { ThinwireError } from "../base/errors.ts";
import { type Seconds, seconds } from "../base/units.ts";
import type { PeerId } from "../ports/view.ts";
import { type Event, EventQueue, type Phase } from "./event-queue.ts";
import { afterPromises, hostTurn } from "./host.ts";

/** Who makes events; it numbers them. */
export interface Source {
  readonly id: PeerId;
  events: number;
}

export interface Course {
  /** Whether the run is over; asked whenever all programs are parked. */
  over(): boolean;
  /** The error when programs wait and nothing will ever happen. */
  stuck(): ThinwireError;
  /** Called every 20 ms of real time. */
  progress(now: Seconds): void;
}

const TURN: Seconds = seconds(0.02);
/** The real clock is looked at every so many instants. */
const GLANCE = 8;

export class VirtualTime {
  readonly queue: EventQueue = new EventQueue();
  readonly #realTime: () => Seconds;
  #now: Seconds = seconds(0);
  #held: Promise<void> | undefined;

  constructor(realTime: () => Seconds) {
    this.#realTime = realTime;
  }

  now(): Seconds {
    return this.#now;
  }

  /** Plans a call; the event that is returned can be cancelled. */
  at(
    time: Seconds,
    phase: Phase,
    source: Source,
    fire: () => void,
    abort?: (error: ThinwireError) => void,
  ): Appointment {
    const event = new Appointment(time, phase, source, fire, abort);
    this.queue.push(event);
    return event;
  }

  /** Time stands still until the promise resolves. One at a time. */
  hold(until: Promise<void>): void {
    this.#held = until;
  }

  /** Lets time pass until the run is over. @throws what `stuck` gives, and what events throw */
  async run(course: Course): Promise<void> {
    while (!(await this.#pass(course))) {
      if (this.#held === undefined) {
        course.progress(this.#now);
        await hostTurn();
      } else {
        const held = this.#held;
        await held;
        if (this.#held === held) this.#held = undefined;
      }
    }
  }

  /**
   * Lets time pass for a turn, or until it is held. Nothing is awaited from one instant to the next: that would make the
   * promises of a run half as many again.
   * @returns whether the run is over
   */
  #pass(course: Course): Promise<boolean> {
    const end = this.#realTime() + TURN;
    let instants = 0;
    return new Promise((resolve, reject) => {
      const stop = (over: boolean) => {
        resolve(over);
        return false;
      };
      afterPromises(() => {
        try {
          if (this.#held !== undefined) return stop(false);
          if (course.over()) return stop(true);
          if (++instants % GLANCE === 0 && this.#realTime() > end) return stop(false);
          let quiet = true;
          while (quiet) quiet = this.#happen(this.queue.first() ?? raise(course.stuck()));
          return true;
        } catch (error) {
          reject(error);
          return false;
        }
      });
    });
  }

  /** Every event of one phase of one instant, also those that come up meanwhile. @returns whether no program runs on */
  #happen(first: Event): boolean {
    const { time, phase } = first; // an event may change its time and come again
    this.#now = time;
    let event: Event | undefined = first;
    let quiet = true;
    while (event !== undefined && event.time === time && event.phase === phase) {
      this.queue.pop();
      event.fire();
      if (event.quiet !== true) quiet = false;
      event = this.queue.first();
    }
    return quiet;
  }
}

function raise(error: ThinwireError): never {
  throw error;
}

/** An event that calls back. */
export class Appointment implements Event {
  readonly time: Seconds;
  readonly phase: Phase;
  readonly owner: PeerId;
  readonly order: number;
  readonly fire: () => void;
  readonly #abort: ((error: ThinwireError) => void) | undefined;
  cancelled = false;

  constructor(time: Seconds, phase: Phase, source: Source, fire: () => void, abort?: (error: ThinwireError) => void) {
    this.time = time;
    this.phase = phase;
    this.owner = source.id;
    this.order = source.events++;
    this.fire = fire;
    this.#abort = abort;
  }

  abort(error: ThinwireError): void {
    this.#abort?.(error);
  }
}
