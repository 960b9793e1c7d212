/**
 * One data set → rows to train on and rows to test on.
 */
import { DataError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Dataset, TrainTest } from "../ports/dataset.ts";
import type { Memory } from "./memory.ts";

/** Entries of one row's input. */
export const widthOf = (data: Dataset): number => data.inputShape.reduce((product, n) => product * n, 1);

/** How many of `rows` are held out: the share rounded, and at least one row on each side. */
export function heldOut(rows: number, share: number, where: string): number {
  if (rows < 2) throw new DataError(where, { expected: "at least two rows, to train and to test", got: rows });
  return Math.max(1, Math.min(rows - 1, Math.round(rows * share)));
}

/** The last `testRows` rows in file order test, those before train. */
export function splitInOrder(data: Dataset, testRows: number, memory: Memory): TrainTest {
  return splitBy(
    Uint32Array.from({ length: data.rows }, (_, row) => row),
    data,
    testRows,
    memory,
  );
}

/** As `splitInOrder`, after shuffling the rows by `rng`. */
export function splitShuffled(data: Dataset, testRows: number, rng: Random, memory: Memory): TrainTest {
  return splitBy(rng.permutation(data.rows), data, testRows, memory);
}

function splitBy(order: Uint32Array, data: Dataset, testRows: number, memory: Memory): TrainTest {
  const trainRows = data.rows - testRows;
  return {
    train: takeRows(data, order.subarray(0, trainRows), memory),
    test: takeRows(data, order.subarray(trainRows), memory),
  };
}

/** A copy of the named rows, in that order. */
export function takeRows(data: Dataset, rows: Uint32Array, memory: Memory): Dataset {
  const width = widthOf(data);
  const inputs = memory.floats(rows.length * width);
  const targets = memory.ints(rows.length);
  for (const [to, row] of rows.entries()) {
    inputs.set(data.inputs.subarray(row * width, (row + 1) * width), to * width);
    targets[to] = data.targets[row]!;
  }
  return { ...data, rows: rows.length, inputs, targets };
}
