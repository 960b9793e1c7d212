/**
 * Partial participation: which workers take part in a round. A pure function of the job's seed and the round's number, so
 * every member knows it without a message.
 */
import { ConfigError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { PeerId } from "../ports/view.ts";

export interface Sampling {
  /** p in (0, 1]: the share of the workers that take part in a round. */
  readonly share: number;
  /** "each": every worker with probability p by itself, drawn again if none does. "count": ⌈p n⌉ of them, uniformly. */
  readonly draw: "each" | "count";
}

export class Participation {
  readonly #sampling: Sampling;
  readonly workers: readonly PeerId[];
  readonly #rng: Random;

  /** @throws {ConfigError} if the share is not in (0, 1] */
  constructor(sampling: Sampling, workers: readonly PeerId[], rng: Random) {
    if (!(sampling.share > 0 && sampling.share <= 1)) {
      throw new ConfigError("participation", { expected: "a share above 0 and at most 1", got: sampling.share });
    }
    this.#sampling = sampling;
    this.workers = workers;
    this.#rng = rng;
  }

  /** How many messages a round has on average: pn, or the fixed count. */
  get expected(): number {
    const { share, draw } = this.#sampling;
    const mean = share * this.workers.length;
    return draw === "each" ? mean : Math.ceil(mean);
  }

  /** The workers of a round, in rank order; never none. */
  of(round: number): readonly PeerId[] {
    const rng = this.#rng.split(`participants/${round}`);
    if (this.#sampling.share === 1) return this.workers;
    return this.#sampling.draw === "count" ? this.#some(rng) : this.#each(rng);
  }

  /** The first round after `round` in which the worker takes part, within `horizon` rounds; undefined if none. */
  next(worker: PeerId, round: number, horizon: number): number | undefined {
    for (let later = round + 1; later <= round + horizon; later++) if (this.of(later).includes(worker)) return later;
    return undefined;
  }

  #each(rng: Random): readonly PeerId[] {
    for (let attempt = 0; ; attempt++) {
      const chosen = this.workers.filter(
        (_, i) => rng.uniform(attempt * this.workers.length + i) < this.#sampling.share,
      );
      if (chosen.length > 0) return chosen;
    }
  }

  #some(rng: Random): readonly PeerId[] {
    const chosen = new Set(rng.permutation(this.workers.length).subarray(0, this.expected));
    return this.workers.filter((_, i) => chosen.has(i));
  }
}
