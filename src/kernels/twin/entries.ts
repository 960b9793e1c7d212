/** The entries of a vector at some positions. */
import { below, sameLength } from "../lengths.ts";

const { fround } = Math;

export function gather(x: Float32Array, positions: Uint32Array, values: Float32Array): void {
  sameLength(positions.length, values);
  below(x.length, positions);
  for (let j = 0; j < positions.length; j++) values[j] = x[positions[j]!]!;
}

export function scatter(values: Float32Array, positions: Uint32Array, out: Float32Array): void {
  sameLength(positions.length, values);
  below(out.length, positions);
  out.fill(0);
  for (let j = 0; j < positions.length; j++) out[positions[j]!] = values[j]! + 0;
}

export function scatterAdd(weight: number, values: Float32Array, positions: Uint32Array, out: Float32Array): void {
  sameLength(positions.length, values);
  below(out.length, positions);
  const factor = fround(weight);
  for (let j = 0; j < positions.length; j++) out[positions[j]!]! += fround(factor * values[j]!);
}
