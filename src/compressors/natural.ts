/**
 * Natural compression: each entry goes to one of the two powers of two next to it, without bias.
 *
 * 2^a ≤ |x| < 2^(a + 1) becomes sign(x) · 2^(a + 1) with probability |x|/2^a − 1, else sign(x) · 2^a. Powers of two stay.
 * Unbiased with ω = 1/8, which |x| = 4/3 · 2^a reaches. On the bits of an f32: draw(k0, k1, i) >>> 9 is added to them, and
 * what does not carry into the exponent is dropped.
 *
 * At the ends: |x| < 2⁻¹²⁶ becomes 0 or 2⁻¹²⁶, unbiased but with no bound on the relative variance, and above 2¹²⁷ the upper
 * neighbour is the largest f32 instead of 2¹²⁸.
 *
 * Messages: `powers-of-two.ts`, nine bits an entry; `entropy=range` makes it about four on a gradient.
 * @see Horváth, Ho, Horváth, Sahu, Canini & Richtárik 2019, "Natural Compression", arXiv:1905.10988
 */
import { checkArguments } from "../base/spec.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, unbiased } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { powersOfTwo, powersSections } from "./powers-of-two.ts";

export function natural(using: Kernels = kernels): Compressor {
  return {
    name: "natural",
    law: unbiased(() => 1 / 8),
    open: (length) => powersOfTwo("natural", (rng) => rng, length, using),
    sections: powersSections,
  };
}

export const naturalEntry: CompressorEntry = {
  name: "natural",
  summary: "a neighbouring power of two, without bias",
  paper: "arXiv:1905.10988",
  law: "unbiased, ω = 1/8, for |x| ≥ 2⁻¹²⁶",
  bits: "9 d",
  options: [],
  examples: ["natural"],
  parse(spec, where, using) {
    checkArguments(spec, where, 0);
    return natural(using);
  },
};
