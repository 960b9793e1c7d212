/**
 * float16: IEEE half precision, rounded to nearest even.
 *
 * |C(x) − x| ≤ 2⁻¹¹|x| for 2⁻¹⁴ ≤ |x| ≤ 65504 and ≤ 2⁻²⁵ below. What lies beyond is sent as ±65504, so there is no law for
 * all vectors; error feedback sends the rest later, and the codec counts such entries (`saturated`). Deterministic.
 *
 * Messages: d IEEE halves (sign, 5 bits of exponent, 10 of mantissa), the lower byte first.
 */
import { checkArguments } from "../base/spec.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, lawless } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { type Format, sixteenBits } from "./sixteen-bits.ts";

export function float16(using: Kernels = kernels): Compressor {
  const format: Format = {
    infinity: 0x7c00,
    overflow: 65520, // what is below rounds to 65504 at most
    encode: (x, words) => using.toHalf(x, words),
    feedback: (x, e, rest, words) => using.halfFeedback(x, e, rest, words),
    decode: (words, out) => using.fromHalf(words, out),
    add: (words, weight, out) => using.addHalf(words, weight, out),
  };
  return { name: "float16", law: lawless, open: (length) => sixteenBits("float16", format, length, using) };
}

export const float16Entry: CompressorEntry = {
  name: "float16",
  aliases: ["f16", "half"],
  summary: "IEEE half precision, saturating at ±65504",
  paper: "IEEE 754-2008",
  law: "none for all vectors; relative error ≤ 2⁻¹¹ for 2⁻¹⁴ ≤ |x| ≤ 65504, error ≤ 2⁻²⁵ below",
  bits: "16 d",
  options: [],
  examples: ["float16"],
  parse(spec, where, using) {
    checkArguments(spec, where, 0);
    return float16(using);
  },
};
