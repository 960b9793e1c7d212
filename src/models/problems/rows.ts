/**
 * Rows z_1 … z_N of a linear model, dense or sparse, each with the target its score z·x is held against.
 */
import type { Real } from "../../optimizers/optimizer.ts";
import type { Batch, Dataset } from "../../ports/dataset.ts";

export interface Rows {
  readonly count: number;
  /** d */
  readonly width: number;
  readonly targets: ArrayLike<number>;
  /** z_row · x */
  score(row: number, x: Real): number;
  /** out ← out + weight · z_row */
  addTo(out: Float64Array, row: number, weight: number): void;
}

/** A batch whose rows are at hand in a form of their own, so that nothing dense is read. */
export interface RowsBatch extends Batch {
  readonly rows: Rows;
}

/** @param inputs count × width entries, row by row; read in place */
export function denseRows(inputs: Real, targets: ArrayLike<number>, count: number, width: number): Rows {
  return {
    count,
    width,
    targets,
    score(row, x) {
      let sum = 0;
      for (let j = 0, at = row * width; j < width; j++, at++) sum += inputs[at]! * x[j]!;
      return sum;
    },
    addTo(out, row, weight) {
      for (let j = 0, at = row * width; j < width; j++, at++) out[j]! += weight * inputs[at]!;
    },
  };
}

/** Rows in numbers, for small problems. */
export const rowsOf = (rows: readonly (readonly number[])[], targets: readonly number[] = []): Rows =>
  denseRows(
    Float64Array.from(rows.flat()),
    targets.length === 0 ? rows.map(() => 0) : targets,
    rows.length,
    rows[0]!.length,
  );

/** The named rows of a data set without their zeros (compressed sparse rows), with targets as `targetsOf` gives them. */
export function sparseRows(data: Dataset, part: Iterable<number>): Rows {
  const width = data.inputs.length / data.rows;
  const starts = [0];
  const columns: number[] = [];
  const values: number[] = [];
  const targets: number[] = [];
  for (const row of part) {
    for (let j = 0; j < width; j++) {
      const value = data.inputs[row * width + j]!;
      if (value === 0) continue;
      columns.push(j);
      values.push(value);
    }
    starts.push(columns.length);
    targets.push(targetOf(data.targets[row]!, data.classes));
  }
  const [ends, at, of] = [Uint32Array.from(starts), Uint32Array.from(columns), Float64Array.from(values)];
  return {
    count: targets.length,
    width,
    targets: Float64Array.from(targets),
    score(row, x) {
      let sum = 0;
      for (let k = ends[row]!; k < ends[row + 1]!; k++) sum += of[k]! * x[at[k]!]!;
      return sum;
    },
    addTo(out, row, weight) {
      for (let k = ends[row]!; k < ends[row + 1]!; k++) out[at[k]!]! += weight * of[k]!;
    },
  };
}

/** Some of the rows, in the order given; nothing is copied. */
export const pick = (rows: Rows, chosen: Uint32Array): Rows => ({
  count: chosen.length,
  width: rows.width,
  targets: Float64Array.from(chosen, (row) => rows.targets[row]!),
  score: (i, x) => rows.score(chosen[i]!, x),
  addTo: (out, i, weight) => rows.addTo(out, chosen[i]!, weight),
});

/** A class as a target: −1 or +1 of two, itself of more. */
export const targetOf = (target: number, classes: number): number => (classes === 2 ? 2 * target - 1 : target);

/** All of a data set's rows at once: the batch of full gradients. */
export const fullBatch = (rows: Rows): RowsBatch => ({
  size: rows.count,
  inputs: new Float32Array(0),
  targets: new Int32Array(0),
  rows,
});
