/**
 * The batches of one peer: its rows in a new random order every epoch.
 */
import { ConfigError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Batch, Dataset } from "../ports/dataset.ts";
import { widthOf } from "./split.ts";

interface Epoch {
  readonly number: number;
  readonly order: Uint32Array;
}

/**
 * Epochs are laid end to end, each a permutation of the rows of its own, and round r takes the places r·size … r·size +
 * size − 1 of that line. So every batch is full, an epoch shows each row once, and fewer rows than a batch simply recur.
 */
export class Batches {
  readonly #data: Dataset;
  readonly #rows: Uint32Array;
  readonly #rng: Random;
  readonly #width: number;
  readonly #batch: Batch;
  /** A batch lies in at most two epochs unless it is longer than one: even ones are kept here first, odd ones second. */
  readonly #epochs: [Epoch | undefined, Epoch | undefined] = [undefined, undefined];

  /**
   * @param rows the peer's rows of `data`, at least one
   * @param size rows of a batch
   * @param rng decides the order of every epoch
   * @param room where batches are written; peers that use them one after the other may share it
   */
  constructor(data: Dataset, rows: Uint32Array, size: number, rng: Random, room: Batch = roomForBatch(data, size)) {
    if (rows.length === 0) throw new ConfigError("batch", { expected: "a peer with at least one row", got: "none" });
    this.#data = data;
    this.#rows = rows;
    this.#rng = rng;
    this.#width = widthOf(data);
    this.#batch = room;
  }

  get size(): number {
    return this.#batch.size;
  }

  /** The batch of a round: a pure function of (rng, round), written over the last one in the same room. */
  at(round: number): Batch {
    const { size, inputs, targets } = this.#batch;
    const width = this.#width;
    for (let i = 0; i < size; i++) {
      const row = this.#rowAt(round * size + i);
      inputs.set(this.#data.inputs.subarray(row * width, (row + 1) * width), i * width);
      targets[i] = this.#data.targets[row]!;
    }
    return this.#batch;
  }

  #rowAt(place: number): number {
    const count = this.#rows.length;
    const number = Math.floor(place / count);
    return this.#rows[this.#epoch(number).order[place - number * count]!]!;
  }

  #epoch(number: number): Epoch {
    const slot = number % 2 === 0 ? 0 : 1;
    const kept = this.#epochs[slot];
    if (kept?.number === number) return kept;
    const made = { number, order: this.#rng.split(`epoch/${number}`).permutation(this.#rows.length) };
    this.#epochs[slot] = made;
    return made;
  }
}

/** @throws {ConfigError} unless the size is a positive whole number */
export function roomForBatch(data: Dataset, size: number): Batch {
  if (!Number.isInteger(size) || size < 1) {
    throw new ConfigError("batch", { expected: "a positive whole number of rows", got: size });
  }
  return { size, inputs: new Float32Array(size * widthOf(data)), targets: new Int32Array(size) };
}
