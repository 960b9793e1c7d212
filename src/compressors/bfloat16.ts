/**
 * bfloat16: the upper half of an f32, with all its exponents and 8 significant bits.
 *
 * To nearest even: contractive, 1 − δ = 2⁻¹⁶, deterministic. Stochastic: unbiased with ω = 2⁻¹⁶; the magnitude of entry i is
 * rounded up where its lower 16 bits plus draw(k0, k1, i) >>> 16 carry. Both laws leave subnormals out (|x| < 2⁻¹²⁶), which
 * round to multiples of 2⁻¹³³. What lies beyond the largest bfloat16, 2¹²⁸ − 2¹²⁰, is sent as that.
 *
 * Messages: d words (sign, 8 bits of exponent, 7 of mantissa), the lower byte first.
 */
import { ConfigError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { checkArguments } from "../base/spec.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, contractive, unbiased } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { type Format, sixteenBits } from "./sixteen-bits.ts";

/** Square of the largest relative error. */
const ERROR = 2 ** -16;

/** To nearest even. */
export function bfloat16(using: Kernels = kernels): Compressor {
  const name = "bfloat16";
  const format = formatOf(using, () => undefined);
  return { name, law: contractive(() => 1 - ERROR), open: (length) => sixteenBits(name, format, length, using) };
}

/** Without bias. */
export function stochasticBfloat16(using: Kernels = kernels): Compressor {
  const name = "bfloat16:rounding=stochastic";
  const format = formatOf(using, (rng) => rng);
  return { name, law: unbiased(() => ERROR), open: (length) => sixteenBits(name, format, length, using) };
}

/** Nothing overflows that a bound would have to tell of. */
const bound = (finite: boolean): number => (finite ? 0 : Number.POSITIVE_INFINITY);

const formatOf = (using: Kernels, key: (rng: Random) => Random | undefined): Format => ({
  infinity: 0x7f80,
  encode: (x, words, rng) => bound(using.toBfloat(x, key(rng), words)),
  feedback: (x, e, rest, words, rng) => bound(using.bfloatFeedback(x, e, key(rng), rest, words)),
  decode: (words, out) => using.fromBfloat(words, out),
  add: (words, weight, out) => using.addBfloat(words, weight, out),
});

export const bfloat16Entry: CompressorEntry = {
  name: "bfloat16",
  aliases: ["bf16"],
  summary: "the upper half of an f32",
  law: "contractive, δ = 1 − 2⁻¹⁶; with rounding=stochastic unbiased, ω = 2⁻¹⁶",
  bits: "16 d",
  options: [{ name: "rounding=nearest|stochastic", meaning: "to nearest even (default), or up or down without bias" }],
  examples: ["bfloat16", "bfloat16:rounding=stochastic"],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, ["rounding"]);
    const rounding = spec.options.get("rounding") ?? "nearest";
    if (rounding === "nearest") return bfloat16(using);
    if (rounding === "stochastic") return stochasticBfloat16(using);
    throw new ConfigError(where, { expected: "rounding=nearest or rounding=stochastic", got: spec.text });
  },
};
