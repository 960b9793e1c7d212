/** Many draws of one key at once. */
import { draw } from "../../base/random.ts";
import { roomFor, subsetLengths } from "../lengths.ts";

export function selectDraws(k0: number, k1: number, most: number, length: number, indices: Uint32Array): number {
  roomFor(length, indices);
  let found = 0;
  for (let i = 0; i < length; i++) if (draw(k0, k1, i) <= most) indices[found++] = i;
  return found;
}

export function draws(k0: number, k1: number, first: number, out: Uint32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = draw(k0, k1, first + i);
}

export function subset(k0: number, k1: number, length: number, taken: Uint32Array, indices: Uint32Array): void {
  subsetLengths(length, taken, indices);
  const k = indices.length;
  for (let i = 0; i < k; i++) {
    const j = length - k + i;
    const fraction = ((draw(k0, k1, 2 * i) >>> 5) * 2 ** 26 + (draw(k0, k1, 2 * i + 1) >>> 6)) / 2 ** 53;
    const t = Math.min(j, Math.floor(fraction * (j + 1)));
    const chosen = (taken[t >>> 5]! >>> (t & 31)) & 1 ? j : t;
    taken[chosen >>> 5]! |= 1 << (chosen & 31);
  }
  let found = 0;
  for (let i = 0; i < length; i++) if ((taken[i >>> 5]! >>> (i & 31)) & 1) indices[found++] = i;
  taken.fill(0);
}
