/**
 * What PowerSGD remembers: Q, the same at all members, and at a worker e, what its last vector lacked.
 */
import { copyOf, type NamedVectors, restoreInto } from "../base/state.ts";
import type { SavedChannel, Settled } from "../channels/channel.ts";
import { kernels, vector } from "../kernels/index.ts";
import type { LowRank } from "./low-rank.ts";

export class PowerSgdMemory implements Settled {
  readonly #where: string;
  readonly matrices: LowRank;
  #settled: Float32Array; // e of the last committed round; empty without error feedback
  #tentative: Float32Array; // e if the round in flight commits
  #unit = 1; // what e is multiplied by in the next round
  #inFlight = false;

  /** @param length d at a worker with error feedback, else 0 */
  constructor(where: string, length: number, matrices: LowRank) {
    this.#where = where;
    this.matrices = matrices;
    this.#settled = vector(length);
    this.#tentative = vector(length);
  }

  /** What the unit of the vectors is in this round, in units of the last one. */
  get unit(): number {
    return this.#unit;
  }

  /** A round begins: M = u + e, to be read until `remember`; null at a member that is no worker. */
  compensate(u: Float32Array | null): Float32Array | null {
    this.#inFlight = true;
    if (u === null || this.#settled.length === 0) return u;
    this.#tentative.set(u);
    kernels.axpy(this.#unit, this.#settled, this.#tentative);
    return this.#tentative;
  }

  /** This peer's share of the last exchange is known, and M not needed any more: e = M − P (Mᵀ P)ᵀ if the round commits. */
  remember(): void {
    if (this.#settled.length > 0) this.matrices.subtract(this.#tentative);
  }

  /** The unit of the vectors changed: e is multiplied by `factor` in the next round, and stays if that is undone. */
  rescale(factor: number): void {
    this.#unit *= factor;
  }

  commit(): void {
    if (!this.#inFlight) return;
    this.#inFlight = false;
    [this.#settled, this.#tentative] = [this.#tentative, this.#settled];
    this.matrices.q.set(this.matrices.nextQ);
    this.#unit = 1;
  }

  rollback(): void {
    this.#inFlight = false;
    this.#unit = 1;
  }

  save(): SavedChannel {
    return { shared: copyOf(this.#shared), private: copyOf(this.#private) };
  }

  restore(saved: SavedChannel): void {
    restoreInto(this.#shared, saved.shared, this.#where);
    restoreInto(this.#private, saved.private, this.#where);
    this.rollback();
  }

  get #shared(): NamedVectors {
    return named("q", this.matrices.q);
  }

  get #private(): NamedVectors {
    return named("error", this.#settled);
  }
}

const named = (name: string, x: Float32Array): NamedVectors => new Map(x.length === 0 ? [] : [[name, x]]);
