/**
 * Where the bodies of `work` run: one at a time, in the order in which programs ask, so that the real time metered for
 * one is its own even when several programs start native work at the same instant.
 */
import type { Seconds } from "../base/units.ts";
import { seconds } from "../base/units.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Piece<T> {
  body(): T | Promise<T>;
  /** @param spent the real time that the body took */
  done(value: T, spent: Seconds): void;
  failed(error: unknown): void;
  /** Asked right before the body would run: the error instead of which it runs. */
  refused(): Error | undefined;
}

export class Workbench {
  readonly #time: VirtualTime;
  readonly #realTime: () => Seconds;
  readonly #waiting: (() => void)[] = [];
  #busy = false;
  #idle: (() => void) | undefined;

  constructor(time: VirtualTime, realTime: () => Seconds) {
    this.#time = time;
    this.#realTime = realTime;
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
