/**
 * Remembered: the last aggregate that was decided, at the peer that aggregates alone.
 */
import { restoreInto } from "../base/state.ts";
import type { SavedChannel, Settled } from "../channels/channel.ts";
import { vector } from "../kernels/index.ts";

export class Remembered implements Settled {
  readonly #where: string;
  #settled: Float32Array;
  #tentative: Float32Array;
  #inFlight = false;

  /** @param initial every entry at first */
  constructor(length: number, initial: number, where: string) {
    this.#where = where;
    this.#settled = vector(length).fill(initial);
    this.#tentative = vector(length);
  }

  /** Of the last committed round. */
  get values(): Float32Array {
    return this.#settled;
  }

  /** The aggregate of the round in flight. */
  propose(aggregate: Float32Array): void {
    this.#tentative.set(aggregate);
    this.#inFlight = true;
  }

  commit(): void {
    if (this.#inFlight) [this.#settled, this.#tentative] = [this.#tentative, this.#settled];
    this.#inFlight = false;
  }

  rollback(): void {
    this.#inFlight = false;
  }

  save(): SavedChannel {
    return { shared: new Map(), private: new Map([["last", Float32Array.from(this.#settled)]]) };
  }

  restore(saved: SavedChannel): void {
    restoreInto(new Map(), saved.shared, this.#where);
    restoreInto(new Map([["last", this.#settled]]), saved.private, this.#where);
    this.#inFlight = false;
  }
}
