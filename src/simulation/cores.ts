/**
 * The cores of one machine that all peers share: a piece of work waits until a core is free, the one that asked first
 * before the others.
 */
import { type Seconds, seconds } from "../base/units.ts";

export class Cores {
  /** When each is free. */
  readonly #free: Seconds[];

  constructor(count: number) {
    this.#free = Array.from({ length: count }, () => seconds(0));
  }

  /** How long the core that takes the next piece has stood idle. */
  idle(now: Seconds): Seconds {
    return seconds(Math.max(0, now - Math.min(...this.#free)));
  }

  /** A piece of work is asked for. @returns when it is done */
  take(now: Seconds, time: Seconds): Seconds {
    let core = 0;
    for (let i = 1; i < this.#free.length; i++) if (this.#free[i]! < this.#free[core]!) core = i;
    const until = seconds(Math.max(now, this.#free[core]!) + time);
    this.#free[core] = until;
    return until;
  }
}
