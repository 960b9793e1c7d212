/** Many draws of one key at once. */
import { draw } from "../../base/random.ts";

export function draws(k0: number, k1: number, first: number, out: Uint32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = draw(k0, k1, first + i);
}
