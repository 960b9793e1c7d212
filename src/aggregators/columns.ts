/**
 * Rules that look at each coordinate by itself: its n values in rising order → one value.
 */
import type { OpenRule } from "./rule.ts";

/** Coordinates that are sorted together: rows are read in runs, and the block stays in the cache for n up to some hundreds. */
const BLOCK = 256;

/** @param value of the sorted values of a coordinate, `gone` more having been left out */
export function columnwise(most: number, value: (sorted: Float32Array, gone: number) => number): OpenRule {
  let block = new Columns(most);
  return {
    combine(vectors, out, { gone }) {
      if (block.height !== vectors.length) block = new Columns(vectors.length);
      for (let from = 0; from < out.length; from += BLOCK) {
        const to = Math.min(from + BLOCK, out.length);
        block.fill(vectors, from, to);
        for (let j = from; j < to; j++) out[j] = value(block.columns[j - from]!.sort(), gone);
      }
    },
  };
}

/** A block of n rows, turned so that the values of a coordinate lie side by side. */
class Columns {
  readonly height: number;
  readonly columns: readonly Float32Array[];
  readonly #values: Float32Array;

  constructor(height: number) {
    this.height = height;
    this.#values = new Float32Array(height * BLOCK);
    this.columns = Array.from({ length: BLOCK }, (_, j) => this.#values.subarray(j * height, (j + 1) * height));
  }

  fill(rows: readonly Float32Array[], from: number, to: number): void {
    const { height } = this;
    for (let i = 0; i < height; i++) {
      const row = rows[i]!;
      for (let j = from; j < to; j++) this.#values[(j - from) * height + i] = row[j]!;
    }
  }
}
