/**
 * Exponential rounding: each entry goes to one of the two powers ±b^j next to it; zero stays.
 *
 * Unbiased: to a_(j+1) with probability (|x| − a_j)/(a_(j+1) − a_j), where draw(k0, k1, i) · (a_(j+1) − a_j) <
 *           (|x| − a_j) · 2³² in f64. ω = (b + 1/b + 2)/4 − 1; base 2 is natural compression, draw for draw.
 * Biased:   to the nearer power, in the middle to the lower. Contractive with δ = 4b/(1 + b)², 8/9 for b = 2; deterministic.
 *
 * At the ends: below the smallest power that is ≥ 2⁻¹²⁶ the lower neighbour is 0, so neither law holds there; above the
 * largest power the upper neighbour is the largest f32.
 *
 * Messages: base 2 as in `powers-of-two.ts`. Else d level numbers (`levels.ts`) of w bits each, least significant first
 * (`coding/fixed-width.ts`), with w the bits of the largest number; then d signs of one bit, packed alike, 1 for negative.
 * @see Beznosikov, Horváth, Richtárik & Safaryan 2020, "On Biased Compression for Distributed Learning", arXiv:2002.12410
 */
import { ConfigError } from "../base/errors.ts";
import { draw, type Random } from "../base/random.ts";
import { checkArguments, parseNumber, type Spec } from "../base/spec.ts";
import { bytes } from "../base/units.ts";
import type { ByteSource } from "../coding/bytes.ts";
import { packedBytes, packFixed, unpackFixed } from "../coding/fixed-width.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Codec, type Compressor, contractive, type Law, unbiased } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { Levels } from "./levels.ts";
import { nonFiniteInput } from "./non-finite.ts";
import { powersOfTwo, powersSections } from "./powers-of-two.ts";
import { raw, type Section, symbols } from "./symbols.ts";

/** Levels are numbered in at most 15 bits. */
const SMALLEST_BASE = 1.01;
const LARGEST_BASE = 65536;
/** Beyond it symbols are no longer coded, see `symbols.ts`. */
const WIDEST_CODED = 12;

/** @param base from 1.01 to 65536 @throws {ConfigError} */
export function exponentialRounding(base = 2, using: Kernels = kernels): Compressor {
  const law = unbiased(() => (base + 1 / base + 2) / 4 - 1);
  return rounding("exponential-rounding", base, law, (rng) => rng, using);
}

/** @param base from 1.01 to 65536 @throws {ConfigError} */
export function biasedExponentialRounding(base = 2, using: Kernels = kernels): Compressor {
  const law = contractive(() => (4 * base) / (1 + base) ** 2);
  return rounding("biased-exponential-rounding", base, law, () => undefined, using);
}

/** @param key of a message's draws; none to round to the nearer power */
type KeyOf = (rng: Random) => Random | undefined;

function rounding(kind: string, base: number, law: Law, key: KeyOf, using: Kernels): Compressor {
  if (!(base >= SMALLEST_BASE && base <= LARGEST_BASE)) {
    throw new ConfigError(kind, { expected: `a base from ${SMALLEST_BASE} to ${LARGEST_BASE}`, got: base });
  }
  const name = `${kind}:base=${base}`;
  if (base === 2) {
    return { name, law, open: (length) => powersOfTwo(name, key, length, using), sections: powersSections };
  }
  const levels = new Levels(base);
  const width = 32 - Math.clz32(levels.values.length - 1);
  const open = (length: number) => new LevelCodec(name, levels, width, key, length, using);
  if (width > WIDEST_CODED) return { name, law, open };
  const sections = (length: number): Section[] => [symbols(length, width), raw(packedBytes(length, 1))];
  return { name, law, open, sections };
}

/** Rounds to levels of any spacing. */
class LevelCodec implements Codec {
  readonly maxBytes;
  readonly #name: string;
  readonly #levels: Levels;
  readonly #width: number;
  readonly #key: KeyOf;
  readonly #using: Kernels;
  readonly #numbers: Uint16Array;
  readonly #signs: Uint8Array;
  readonly #values: Float32Array;

  constructor(name: string, levels: Levels, width: number, key: KeyOf, length: number, using: Kernels) {
    this.maxBytes = bytes(packedBytes(length, width) + packedBytes(length, 1));
    this.#name = name;
    this.#levels = levels;
    this.#width = width;
    this.#key = key;
    this.#using = using;
    this.#numbers = new Uint16Array(length);
    this.#signs = new Uint8Array(length);
    this.#values = new Float32Array(length);
  }

  encode(x: Float32Array, into: Parameters<Codec["encode"]>[1], rng: Random): void {
    if (!this.#using.allFinite(x)) throw nonFiniteInput(this.#name);
    const key = this.#key(rng);
    for (let i = 0; i < x.length; i++) {
      this.#numbers[i] = this.#rounded(Math.abs(x[i]!), i, key);
      this.#signs[i] = x[i]! < 0 ? 1 : 0;
    }
    packFixed(this.#numbers, this.#width, into.room(packedBytes(x.length, this.#width)));
    packFixed(this.#signs, 1, into.room(packedBytes(x.length, 1)));
  }

  decode(from: ByteSource, out: Float32Array): void {
    out.set(this.#read(from));
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number): void {
    this.#using.axpy(weight, this.#read(from), out);
  }

  #rounded(magnitude: number, i: number, key: Random | undefined): number {
    const { values } = this.#levels;
    const number = this.#levels.below(magnitude);
    const low = values[number]!;
    const high = values[number + 1] ?? low;
    const carries =
      key === undefined
        ? magnitude - low > high - magnitude
        : draw(key.k0, key.k1, i) * (high - low) < (magnitude - low) * 2 ** 32;
    return carries ? number + 1 : number;
  }

  #read(from: ByteSource): Float32Array {
    const { values } = this.#levels;
    unpackFixed(from, this.#width, this.#numbers);
    unpackFixed(from, 1, this.#signs);
    from.end();
    for (let i = 0; i < this.#numbers.length; i++) {
      const magnitude = values[this.#numbers[i]!];
      if (magnitude === undefined) throw from.corrupt(`a level below ${values.length}`, this.#numbers[i]);
      this.#values[i] = this.#signs[i] === 1 && magnitude > 0 ? -magnitude : magnitude;
    }
    return this.#values;
  }
}

const baseIn = (spec: Spec, where: string): number => {
  checkArguments(spec, where, 0, ["base"]);
  return parseNumber(spec.options.get("base") ?? "2", where, { min: SMALLEST_BASE, max: LARGEST_BASE });
};

const option = { name: "base", meaning: "b, from 1.01 to 65536 (2)" };
const bits = "9 d for base 2; else d·(1 + ⌈log₂(254/log₂ b)⌉), about";

export const exponentialRoundingEntry: CompressorEntry = {
  name: "exponential-rounding",
  summary: "a neighbouring power of b, without bias",
  paper: "arXiv:2002.12410",
  law: "unbiased, ω = (b + 1/b + 2)/4 − 1 (1/8 for b = 2), for |x| ≥ b·2⁻¹²⁶",
  bits,
  options: [option],
  examples: ["exponential-rounding:base=2", "exponential-rounding:base=1.5"],
  parse: (spec, where, using) => exponentialRounding(baseIn(spec, where), using),
};

export const biasedExponentialRoundingEntry: CompressorEntry = {
  name: "biased-exponential-rounding",
  summary: "the nearest power of b",
  paper: "arXiv:2002.12410",
  law: "contractive, δ = 4b/(1 + b)² (8/9 for b = 2), for |x| ≥ b·2⁻¹²⁶",
  bits,
  options: [option],
  examples: ["biased-exponential-rounding:base=2", "biased-exponential-rounding:base=4"],
  parse: (spec, where, using) => biasedExponentialRounding(baseIn(spec, where), using),
};
