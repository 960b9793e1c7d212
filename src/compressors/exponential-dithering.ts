/**
 * Natural and exponential dithering: entries are rounded at random to the levels 0, b^(1−s), …, b⁻¹, 1 of the vector's
 * norm; natural is b = 2. Fine near zero, where most entries lie, and coarse near the norm.
 *
 * Unbiased, ω = (b + 1/b + 2)/4 − 1 + q·min(1, q) with q = √d·b^(1−s): 1/8 + q·min(1, q) for b = 2. Natural dithering with
 * s levels rounds as natural compression does after linear dithering with 2^(s−1) levels.
 *
 * Messages: the norm N (f32, rounded up), then a level −s … s an entry, 1 + bitlength(s) bits in two's complement, least
 * significant bit first, unused bits 0. Level j > 0 decodes to fround(N · fround(b^(j−s))), −j to minus that, 0 to 0.
 * @see Horváth, Ho, Horváth, Sahu, Canini & Richtárik 2019, "Natural Compression for Distributed Deep Learning",
 * arXiv:1905.10988
 */
import { pow } from "../base/maths.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import { fixedCode, levelWidth } from "../coding/level-codes.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, unbiased } from "./compressor.ts";
import { DitheringCodec, type Norm } from "./dithering.ts";
import type { CompressorEntry } from "./entry.ts";
import { wholeVector } from "./groups.ts";
import { powersOf } from "./ladder.ts";
import { NORM_MEANING, parseLevels, parseNorm } from "./linear-dithering.ts";
import { raw, symbols } from "./symbols.ts";

/** Beyond 127 levels the lowest would be 0 in f32 even for b = 2. */
const MOST_LEVELS = 127;

export interface ExponentialLevels {
  /** s, 1 … 127. */
  readonly levels: number;
  readonly norm: Norm;
}

export function naturalDithering({ levels, norm }: ExponentialLevels, using: Kernels = kernels): Compressor {
  return powers(named(`natural-dithering:levels=${levels}`, norm), 2, { levels, norm }, using);
}

/** @param base b, above 1 */
export function exponentialDithering(
  { base, levels, norm }: ExponentialLevels & { readonly base: number },
  using: Kernels = kernels,
): Compressor {
  return powers(named(`exponential-dithering:base=${base},levels=${levels}`, norm), base, { levels, norm }, using);
}

const named = (name: string, norm: Norm): string => (norm === "l2" ? name : `${name},norm=${norm}`);

function powers(name: string, base: number, { levels, norm }: ExponentialLevels, using: Kernels): Compressor {
  return {
    name,
    law: unbiased((length) => {
      const q = Math.sqrt(length) * pow(base, 1 - levels);
      return (base + 1 / base + 2) / 4 - 1 + q * Math.min(1, q);
    }),
    open: (length) =>
      new DitheringCodec(
        { name, norm, ladder: powersOf(base, levels, using), code: fixedCode },
        length,
        wholeVector.ends(length),
        using,
      ),
    sections: (length) => [raw(4), symbols(length, levelWidth(levels))],
  };
}

export const naturalDitheringEntry: CompressorEntry = {
  name: "natural-dithering",
  summary: "random rounding to s levels of the norm, each half of the next",
  paper: "arXiv:1905.10988",
  law: "unbiased, ω = 1/8 + q·min(1, q), q = √d·2^(1−s)",
  bits: "32 + d·(1 + ⌈log₂(s + 1)⌉)",
  options: [
    { name: "levels=4", meaning: "levels s of the norm on each side of 0, 1 to 127 (default 4)" },
    { name: "norm=l2|max", meaning: NORM_MEANING },
  ],
  examples: ["natural-dithering:levels=4", "natural-dithering:levels=7,norm=max"],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, ["levels", "norm"]);
    const levels = parseLevels(spec, where, 4, MOST_LEVELS);
    return naturalDithering({ levels, norm: parseNorm(spec, where) }, using);
  },
};

export const exponentialDitheringEntry: CompressorEntry = {
  name: "exponential-dithering",
  summary: "random rounding to s levels of the norm, each 1/b of the next",
  paper: "arXiv:2002.12410",
  law: "unbiased, ω = (b + 1/b + 2)/4 − 1 + q·min(1, q), q = √d·b^(1−s)",
  bits: "32 + d·(1 + ⌈log₂(s + 1)⌉)",
  options: [
    { name: "base=1.5", meaning: "b, above 1, at most 16 (default 1.5)" },
    { name: "levels=6", meaning: "levels s of the norm on each side of 0, 1 to 127 (default 6)" },
    { name: "norm=l2|max", meaning: NORM_MEANING },
  ],
  examples: ["exponential-dithering:base=1.5,levels=6"],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, ["base", "levels", "norm"]);
    const base = parseNumber(spec.options.get("base") ?? "1.5", where, { above: 1, max: 16 });
    const levels = parseLevels(spec, where, 6, MOST_LEVELS);
    return exponentialDithering({ base, levels, norm: parseNorm(spec, where) }, using);
  },
};
