/**
 * An alarm clock finer than the engine's timers, which know whole milliseconds and fire one or two late: it sets a timer
 * for all but the last two milliseconds and naps through those in slices, with a turn of the event loop between them.
 */
import { type Seconds, seconds } from "../../base/units.ts";
import { realTime } from "./clock.ts";

const FINE = 0.002;
const NAP_MS_MAX = 0.25;
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Nobody ever writes this word: waiting on it is sleeping. */
const never = new Int32Array(new SharedArrayBuffer(4));

export class Alarm {
  readonly #ring: () => void;
  #due: Seconds = seconds(Number.POSITIVE_INFINITY);
  #fine = true;
  #cancel: () => void = () => {};

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Rings once when `realTime` is `due`; replaces what was set before. @param due infinite: not at all */
  set(due: Seconds): void {
    if (due === this.#due) return;
    this.#due = due;
    this.#begin();
  }

  /** Whether to nap; else a plain timer, up to two milliseconds late, leaves the thread to others. Default true. */
  set fine(fine: boolean) {
    if (fine === this.#fine) return;
    this.#fine = fine;
    this.#begin();
  }

  #begin(): void {
    this.#cancel();
    this.#cancel = () => {};
    if (this.#due < Number.POSITIVE_INFINITY) this.#wait();
  }

  #wait(): void {
    const left = this.#due - realTime() - (this.#fine ? FINE : 0);
    if (left > 0) {
      const timer = setTimeout(() => this.#wake(), Math.min(left * 1000, TIMER_MS_MAX));
      this.#cancel = () => clearTimeout(timer);
    } else {
      const turn = setImmediate(() => this.#wake());
      this.#cancel = () => clearImmediate(turn);
    }
  }

  #wake(): void {
    const leftMs = (this.#due - realTime()) * 1000;
    if (this.#fine && leftMs > 0 && leftMs <= FINE * 1000) Atomics.wait(never, 0, 0, Math.min(leftMs, NAP_MS_MAX));
    if (realTime() < this.#due) {
      this.#wait();
      return;
    }
    this.#due = seconds(Number.POSITIVE_INFINITY);
    this.#ring();
  }
}
