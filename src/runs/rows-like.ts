/**
 * Rows with the labels of a peer: what a model that is the peer's own is good for shows on these, not on rows of all kinds.
 */
import { widthOf } from "../data/split.ts";
import type { Dataset } from "../ports/dataset.ts";

/**
 * As many rows as `test` has, each label in the share that it has among `rows` of `train`, to within one row: those of the
 * test rows with that label, again from the first where there are too few. Labels that no test row has are left out.
 * @param rows of `train`, at least one @returns undefined where no test row has any of the labels
 */
export function rowsLike(test: Dataset, train: Dataset, rows: Uint32Array): Dataset | undefined {
  const byLabel = new Map<number, number[]>();
  for (const [row, label] of test.targets.entries()) {
    const rowsOf = byLabel.get(label);
    if (rowsOf === undefined) byLabel.set(label, [row]);
    else rowsOf.push(row);
  }
  const labels = Array.from(rows, (row) => train.targets[row]!).filter((label) => byLabel.has(label));
  if (labels.length === 0) return undefined;
  const counts = new Map<number, number>();
  for (const label of labels.sort((a, b) => a - b)) counts.set(label, (counts.get(label) ?? 0) + 1);
  const picked = new Uint32Array(test.rows);
  let [place, seen] = [0, 0];
  for (const [label, count] of counts) {
    seen += count;
    const end = Math.round((test.rows * seen) / labels.length);
    const own = byLabel.get(label)!;
    for (let i = 0; place < end; i++, place++) picked[place] = own[i % own.length]!;
  }
  return takeRows(test, picked);
}

/** These rows of a data set, in this order. */
export function takeRows(data: Dataset, rows: Uint32Array): Dataset {
  const width = widthOf(data);
  const inputs = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) inputs.set(data.inputs.subarray(row * width, (row + 1) * width), i * width);
  const targets = Int32Array.from(rows, (row) => data.targets[row]!);
  return { ...data, rows: rows.length, inputs, targets };
}
