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

/** The smallest p: rounds are drawn until someone takes part, and absent workers are looked for until they are back. */
export const SHARE_MIN = 0.001;

/**
 * How many workers a round has on average: ⌈pn⌉ by count, and pn/(1 − (1 − p)ⁿ) one by one, which is pn but for the rounds
 * that are drawn again. Dividing by it leaves a sum over the round's workers unbiased however small n is.
 */
export function expectedWorkers({ share, draw }: Sampling, workers: number): number {
  const mean = share * workers;
  return draw === "each" ? mean / (1 - (1 - share) ** workers) : Math.ceil(Number(mean.toPrecision(12)));
}

export class Participation {
  readonly #sampling: Sampling;
  readonly workers: readonly PeerId[];
  readonly #rng: Random;

  /** @throws {ConfigError} unless the share is in [0.001, 1] */
  constructor(sampling: Sampling, workers: readonly PeerId[], rng: Random) {
    if (!(sampling.share >= SHARE_MIN && sampling.share <= 1)) {
      throw new ConfigError("participation", { expected: `a share from ${SHARE_MIN} to 1`, got: sampling.share });
    }
    this.#sampling = sampling;
    this.workers = workers;
    this.#rng = rng;
  }

  /** How many workers a round has on average. */
  get expected(): number {
    return expectedWorkers(this.#sampling, this.workers.length);
  }

  /** The workers of a round, in rank order; never none. */
  of(round: number): readonly PeerId[] {
    const rng = this.#rng.split(`participants/${round}`);
    if (this.#sampling.share === 1) return this.workers;
    return this.#sampling.draw === "count" ? this.#some(rng) : this.#each(rng);
  }

  /**
   * For each worker that is absent in `round`, the round in which it comes back; `end` for those who never do.
   * @param end the round that the run does not reach any more
   */
  returns(round: number, end: number): ReadonlyMap<PeerId, number> {
    const present = new Set(this.of(round));
    const back = new Map<PeerId, number>();
    const waiting = new Set(this.workers.filter((worker) => !present.has(worker)));
    for (let later = round + 1; later < end && waiting.size > 0; later++) {
      for (const worker of this.of(later)) if (waiting.delete(worker)) back.set(worker, later);
    }
    for (const worker of waiting) back.set(worker, end);
    return back;
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
