/**
 * One data set → rows to train on and rows to test on.
 */
import { DataError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Dataset, TrainTest } from "../ports/dataset.ts";

/** Entries of one row's input. */
export const widthOf = (data: Dataset): number => data.inputShape.reduce((product, n) => product * n, 1);

/** How many of `rows` are held out: the share rounded, and at least one row on each side. */
export function heldOut(rows: number, share: number, where: string): number {
  if (rows < 2) throw new DataError(where, { expected: "at least two rows, to train and to test", got: rows });
  return Math.max(1, Math.min(rows - 1, Math.round(rows * share)));
}

/** The last `testRows` rows in file order test, those before train. Both are parts of the same arrays. */
export function splitInOrder(data: Dataset, testRows: number): TrainTest {
  const trainRows = data.rows - testRows;
  return { train: partOf(data, 0, trainRows), test: partOf(data, trainRows, data.rows) };
}

/** As `splitInOrder`, after the rows are shuffled where they lie: a large data set is held once. */
export function splitShuffled(data: Dataset, testRows: number, rng: Random): TrainTest {
  permuteRows(data, rng.permutation(data.rows));
  return splitInOrder(data, testRows);
}

function partOf(data: Dataset, first: number, end: number): Dataset {
  const width = widthOf(data);
  const inputs = data.inputs.subarray(first * width, end * width);
  return { ...data, rows: end - first, inputs, targets: data.targets.subarray(first, end) };
}

/** Row i becomes what row `order[i]` was: one cycle of the permutation after the other. `order` is used up. */
function permuteRows(data: Dataset, order: Uint32Array): void {
  const { inputs, targets } = data;
  const width = widthOf(data);
  const kept = new Float32Array(width);
  for (let start = 0; start < order.length; start++) {
    if (order[start] === start) continue;
    kept.set(inputs.subarray(start * width, (start + 1) * width));
    const target = targets[start]!;
    let to = start;
    for (let from = order[to]!; from !== start; from = order[to]!) {
      inputs.copyWithin(to * width, from * width, (from + 1) * width);
      targets[to] = targets[from]!;
      order[to] = to;
      to = from;
    }
    inputs.set(kept, to * width);
    targets[to] = target;
    order[to] = to;
  }
}
