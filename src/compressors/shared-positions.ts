/**
 * Positions that both ends draw from the message's randomness, so that none travels.
 */
import type { Random } from "../base/random.ts";
import { type Kernels, wordsVector } from "../kernels/index.ts";

/** Draws what positions need. */
export interface SharedPositions {
  /** Ascending; valid until the next call. */
  draw(rng: Random): Uint32Array;
}

/** A uniform k-subset of 0 … d − 1, in time O(k + d/64): `subset` of the kernels says which. */
export class UniformSubset implements SharedPositions {
  readonly #length: number;
  readonly #using: Kernels;
  readonly #taken: Uint32Array;
  readonly #positions: Uint32Array;

  constructor(k: number, length: number, using: Kernels) {
    this.#length = length;
    this.#using = using;
    this.#taken = wordsVector(2 * Math.ceil(length / 64));
    this.#positions = wordsVector(k);
  }

  draw(rng: Random): Uint32Array {
    this.#using.subset(rng.k0, rng.k1, this.#length, this.#taken, this.#positions);
    return this.#positions;
  }
}

/** Each of 0 … d − 1 for itself, with probability p: i is there if its draw is below p·2³². */
export class IndependentSubset implements SharedPositions {
  readonly #using: Kernels;
  readonly #most: number;
  readonly #positions: Uint32Array;
  readonly #length: number;

  /** @param probability above 0 and at most 1, rounded up to a multiple of 2⁻³² */
  constructor(probability: number, length: number, using: Kernels) {
    this.#using = using;
    this.#most = Math.ceil(probability * 2 ** 32) - 1;
    this.#length = length;
    this.#positions = wordsVector(length);
  }

  draw(rng: Random): Uint32Array {
    const found = this.#using.selectDraws(rng.k0, rng.k1, this.#most, this.#length, this.#positions);
    return this.#positions.subarray(0, found);
  }
}
