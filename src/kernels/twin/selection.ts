/** Finding the largest entries: a histogram of magnitudes, then the entries from a floor up. */
import { binsLength, sameLength } from "../lengths.ts";
import { bitsOf } from "./bits.ts";
import { add } from "./elementwise.ts";

export function histogram(x: Float32Array, counts: Uint32Array): void {
  binsLength(counts);
  counts.fill(0);
  const bits = bitsOf(x);
  for (let i = 0; i < bits.length; i++) counts[(bits[i]! & 0x7fffffff) >>> 20]! += 1;
}

export function addSelect(
  x: Float32Array,
  y: Float32Array,
  out: Float32Array,
  floor: number,
  indices: Uint32Array,
  values: Float32Array,
): number {
  add(x, y, out);
  return selectFrom(out, floor, indices, values);
}

export function selectFrom(x: Float32Array, floor: number, indices: Uint32Array, values: Float32Array): number {
  sameLength(indices.length, values);
  const bits = bitsOf(x);
  let found = 0;
  for (let i = 0; i < bits.length && found < indices.length; i++) {
    if ((bits[i]! & 0x7fffffff) < floor) continue;
    indices[found] = i;
    values[found++] = x[i]!;
  }
  return found;
}
