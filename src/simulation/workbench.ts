/**
 * Where the bodies of `work` run: one at a time, in the order in which programs ask, so that the real time metered for
 * one is its own even when several programs start native work at the same instant.
 *
 * A core that has stood idle computes slower for a while: a gradient of 1 ms takes 1.2 ms after 2 ms of idleness, 1.6 after
 * 5 and 1.8 after 10 (measured on a virtual core of an AMD EPYC). So where a body's cost is measured, the real core
 * first stands as idle as the virtual one has.
 */
import type { Seconds } from "../base/units.ts";
import { seconds } from "../base/units.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Piece<T> {
  body(): T | Promise<T>;
  /** How long the core has stood idle on which the body is to be measured; 0 where nothing depends on it. */
  idle(): Seconds;
  /** @param spent the real time that the body took */
  done(value: T, spent: Seconds): void;
  failed(error: unknown): void;
  /** Asked right before the body would run: the error instead of which it runs. */
  refused(): Error | undefined;
}

/** Lets the real core stand idle. */
export type Rest = (time: Seconds) => void;

/** A core gets no slower after that. */
const REST_MAX = seconds(0.02);

export class Workbench {
  readonly #time: VirtualTime;
  readonly #realTime: () => Seconds;
  readonly #rest: Rest;
  readonly #waiting: (() => void)[] = [];
  #busy = false;
  #idle: (() => void) | undefined;

  constructor(time: VirtualTime, realTime: () => Seconds, rest: Rest) {
    this.#time = time;
    this.#realTime = realTime;
    this.#rest = rest;
  }

  /** Runs the body, now or when it is its turn. */
  perform<T>(piece: Piece<T>): void {
    if (this.#busy) {
      this.#waiting.push(() => this.perform(piece));
      return;
    }
    const refused = piece.refused();
    if (refused !== undefined) {
      piece.failed(refused);
      return;
    }
    const idle = piece.idle();
    if (idle > 0) this.#rest(seconds(Math.min(idle, REST_MAX)));
    const began = this.#realTime();
    let value: T | Promise<T>;
    try {
      value = piece.body();
    } catch (error) {
      piece.failed(error);
      return;
    }
    if (!(value instanceof Promise)) {
      piece.done(value, seconds(this.#realTime() - began));
      return;
    }
    this.#busy = true;
    if (this.#idle === undefined) this.#time.hold(new Promise((resolve) => (this.#idle = resolve)));
    const done = (result: T) => piece.done(result, seconds(this.#realTime() - began));
    void value.then(done, (error: unknown) => piece.failed(error)).finally(() => this.#next());
  }

  #next(): void {
    this.#busy = false;
    while (!this.#busy && this.#waiting.length > 0) this.#waiting.shift()?.();
    if (this.#busy) return;
    this.#idle?.();
    this.#idle = undefined;
  }
}
