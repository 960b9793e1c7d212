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
  const complement = 2 * k > length;
  const unfair = 2 ** 32 % length;
  for (let i = 0, left = complement ? length - k : k; left > 0; i++) {
    const u = draw(k0, k1, i);
    const high = (u >>> 16) * length + Math.floor(((u & 0xffff) * length) / 65536); // the product, from its bit 16 up
    const t = Math.floor(high / 65536);
    const low = Math.imul(u, length) >>> 0;
    if (low < unfair || (taken[t >>> 5]! >>> (t & 31)) & 1) continue;
    taken[t >>> 5]! |= 1 << (t & 31);
    left -= 1;
  }
  let found = 0;
  for (let i = 0; i < length; i++)
    if (((taken[i >>> 5]! >>> (i & 31)) & 1) !== Number(complement)) indices[found++] = i;
  taken.fill(0);
}
