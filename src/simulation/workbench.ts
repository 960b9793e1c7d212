/**
 * Where the bodies of `work` run: one at a time, in the order in which programs ask, so that the real time metered for
 * one is its own even when several programs start native work at the same instant.
 */
import type { Seconds } from "../base/units.ts";
import { seconds } from "../base/units.ts";
import type { VirtualTime } from "./virtual-time.ts";

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

  /** Runs `body`, then tells its value and the real time it took, or what it threw. */
  perform<T>(
    body: () => T | Promise<T>,
    done: (value: T, spent: Seconds) => void,
    failed: (error: unknown) => void,
  ): void {
    if (this.#busy) {
      this.#waiting.push(() => this.perform(body, done, failed));
      return;
    }
    const began = this.#realTime();
    const spent = () => seconds(this.#realTime() - began);
    let value: T | Promise<T>;
    try {
      value = body();
    } catch (error) {
      failed(error);
      return;
    }
    if (!(value instanceof Promise)) {
      done(value, spent());
      return;
    }
    this.#busy = true;
    if (this.#idle === undefined) this.#time.hold(new Promise((resolve) => (this.#idle = resolve)));
    void value.then((result) => done(result, spent()), failed).finally(() => this.#next());
  }

  #next(): void {
    this.#busy = false;
    while (!this.#busy && this.#waiting.length > 0) this.#waiting.shift()?.();
    if (this.#busy) return;
    this.#idle?.();
    this.#idle = undefined;
  }
}
