/** Draws one after the other from one generator: what happens in a case is a function of its key alone. */
import type { Random } from "../../src/base/random.ts";

export class Dice {
  readonly #rng: Random;
  #drawn = 0;

  constructor(rng: Random) {
    this.#rng = rng;
  }

  /** Uniform on 0 … m − 1. */
  below(m: number): number {
    return this.#rng.below(this.#drawn++, m);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** A generator of its own, for a vector or a message. */
  random(): Random {
    return this.#rng.split(`dice/${this.#drawn++}`);
  }
}
