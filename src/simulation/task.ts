/**
 * A piece of work that a program waits for: its body runs at the workbench, and the program goes on once its cost has
 * passed. Work that costs nothing goes on through the queue too, so that programs resume in the order of their ids.
 */
import { type Seconds, seconds } from "../base/units.ts";
import type { PeerId } from "../ports/view.ts";
import type { Cores } from "./cores.ts";
import { type Event, PHASES, type Phase } from "./event-queue.ts";
import type { Station } from "./station.ts";
import type { Trace } from "./trace.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { Piece } from "./workbench.ts";

export interface Workplace {
  readonly clock: VirtualTime;
  readonly trace: Trace | undefined;
  /** Shared by all peers. */
  readonly cores: Cores | undefined;
}

export class Task<T> implements Piece<T>, Event {
  readonly body: () => T | Promise<T>;
  /** The program goes on with an error. */
  readonly failed: (error: unknown) => void;
  readonly #resume: (value: T) => void;
  readonly #station: Station;
  readonly #place: Workplace;
  readonly #label: string;
  readonly #cost: Seconds | undefined;
  #value: T | undefined;
  time: Seconds = seconds(0);
  order = 0;

  /** @param cost default: the real time that the body takes */
  constructor(
    place: Workplace,
    station: Station,
    label: string,
    cost: Seconds | undefined,
    body: () => T | Promise<T>,
    resume: (value: T) => void,
    failed: (error: unknown) => void,
  ) {
    this.body = body;
    this.failed = failed;
    this.#resume = resume;
    this.#station = station;
    this.#place = place;
    this.#label = label;
    this.#cost = cost;
  }

  get phase(): Phase {
    return PHASES.mail;
  }

  get owner(): PeerId {
    return this.#station.id;
  }

  get cancelled(): boolean {
    return false;
  }

  /** Bodies that others asked for before may have run meanwhile: a run that was aborted starts no more of them. */
  refused(): Error | undefined {
    return this.#station.stopped ? this.#station.aborted("work", this.#label) : undefined;
  }

  /** Where the cost is measured, on a machine that peers share. */
  idle(): Seconds {
    const { cores, clock } = this.#place;
    return this.#cost === undefined && cores !== undefined ? cores.idle(clock.now()) : seconds(0);
  }

  done(value: T, spent: Seconds): void {
    const station = this.#station;
    station.meter.spent(this.#label, spent);
    const refused = this.refused();
    if (refused !== undefined) {
      this.failed(refused);
      return;
    }
    const { clock, trace, cores } = this.#place;
    const cost = this.#cost ?? spent;
    const pace = cost > 0 && station.pace !== undefined ? station.pace(station.pieces++) : 1;
    const now = clock.now();
    this.#value = value;
    const length = seconds(cost * pace);
    this.time = length > 0 && cores !== undefined ? cores.take(now, length) : seconds(now + length);
    this.order = station.events++;
    trace?.({ kind: "work", time: now, until: this.time, from: station.id, label: this.#label });
    clock.queue.push(this);
  }

  fire(): void {
    if (this.#station.ended === undefined) this.#resume(this.#value as T); // `done` has set it
  }

  abort(error: unknown): void {
    this.failed(error);
  }
}
