/**
 * Rows grouped by their label.
 */
import type { Labelled } from "./partitioner.ts";

/** For every class its rows, in rising order. */
export function rowsByClass(data: Labelled): Uint32Array[] {
  const counts = new Uint32Array(data.classes);
  for (let row = 0; row < data.rows; row++) counts[data.targets[row]!]! += 1;
  const groups = Array.from(counts, (count) => new Uint32Array(count));
  counts.fill(0);
  for (let row = 0; row < data.rows; row++) {
    const label = data.targets[row]!;
    groups[label]![counts[label]!++] = row;
  }
  return groups;
}
