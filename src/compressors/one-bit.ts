/**
 * 1-bit SGD: one bit an entry, and for each group (`groups.ts`) the means of its entries on either side of 0.
 *
 *     C(x)_i = mean of the x_j ≥ 0 where x_i ≥ 0, else the mean of the x_j < 0
 *
 * The best two values for that partition, so its error is never above scaled sign's: contractive with δ ≥ 1/d, d of the
 * largest group. Biased: run it under error feedback.
 *
 * Messages: the bits of each group as in sign, from a byte of its own on (1 where x_i ≥ 0, least significant first), then
 * two f32 a group: the mean of the non-negative entries and the magnitude of the mean of the negative ones, 0 for a side
 * without entries.
 * @see Seide, Fu, Droppo, Li & Yu 2014, "1-Bit Stochastic Gradient Descent", Interspeech
 */
import { checkArguments } from "../base/spec.ts";
import { type Bytes, bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Codec, type Compressor, contractive, type Residual } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { plain } from "./feedback.ts";
import { checkMean, emptyCodec, GroupBits, refuseNaN } from "./group-bits.ts";
import {
  GROUPING_MEANING,
  GROUPING_OPTIONS,
  type Grouping,
  groupedName,
  parseGrouping,
  wholeVector,
} from "./groups.ts";

const { fround } = Math;

export function oneBit(using: Kernels = kernels, grouping: Grouping = wholeVector): Compressor {
  const name = groupedName("one-bit", grouping);
  return {
    name,
    law: contractive((length) => 1 / Math.max(1, grouping.largest(length))),
    open: (length, layout) =>
      length === 0 ? emptyCodec : new OneBitCodec(name, new GroupBits(grouping.ends(length, layout)), using),
  };
}

class OneBitCodec implements Codec {
  readonly maxBytes: Bytes;
  readonly #name: string;
  readonly #groups: GroupBits;
  readonly #using: Kernels;
  readonly #sides: Float64Array = new Float64Array(2);

  constructor(name: string, groups: GroupBits, using: Kernels) {
    this.maxBytes = bytes(groups.size + 8 * groups.count);
    this.#name = name;
    this.#groups = groups;
    this.#using = using;
  }

  encode(x: Float32Array, into: ByteSink): void {
    const start = into.length;
    const bits = into.room(this.#groups.size);
    for (let g = 0; g < this.#groups.count; g++) {
      const entries = this.#groups.entries(x, g);
      const signs = this.#groups.bits(bits, g);
      const { plus, minus } = this.#means(entries, signs);
      refuseNaN(plus + minus, this.#name, into, start);
      into.f32(plus).f32(minus);
    }
  }

  encodeWithFeedback(x: Float32Array, { settled, tentative }: Residual, into: ByteSink): void {
    const start = into.length;
    const groups = this.#groups;
    const bits = into.room(groups.size);
    const error = plain(settled);
    tentative.scale = 0;
    for (let g = 0; g < groups.count; g++) {
      const p = groups.entries(tentative.values, g);
      const signs = groups.bits(bits, g);
      this.#using.add(groups.entries(x, g), groups.entries(error, g), p);
      const { plus, minus } = this.#means(p, signs);
      refuseNaN(plus + minus, this.#name, into, start);
      into.f32(plus).f32(minus);
      this.#using.addPair(signs, minus, -plus, p);
    }
  }

  decode(from: ByteSource, out: Float32Array): void {
    const { bits, means } = this.#read(from);
    for (let g = 0; g < this.#groups.count; g++) {
      const minus = 0 - means[2 * g + 1]!; // +0 where there is nothing
      this.#using.unpackPair(this.#groups.bits(bits, g), minus, means[2 * g]!, this.#groups.entries(out, g));
    }
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number): void {
    const { bits, means } = this.#read(from);
    const factor = fround(weight);
    for (let g = 0; g < this.#groups.count; g++) {
      const minus = fround(-factor * means[2 * g + 1]!);
      const plus = fround(factor * means[2 * g]!);
      this.#using.addPair(this.#groups.bits(bits, g), minus, plus, this.#groups.entries(out, g));
    }
  }

  /** Packs the signs. Returns the mean magnitudes on the two sides of 0, as they travel; NaN if an entry is not finite. */
  #means(x: Float32Array, signs: Uint8Array): { plus: number; minus: number } {
    const sides = this.#sides;
    const count = this.#using.packSides(x, signs, sides);
    const mean = (sum: number, of: number) => (Number.isFinite(sum) ? fround(sum / Math.max(1, of)) : Number.NaN);
    return { plus: mean(sides[0]!, count), minus: mean(sides[1]!, x.length - count) };
  }

  #read(from: ByteSource): { bits: Uint8Array; means: Float32Array } {
    const bits = this.#groups.read(from);
    const means = from.f32s(2 * this.#groups.count);
    for (let j = 0; j < means.length; j++) checkMean(means[j]!, from);
    from.end();
    return { bits, means };
  }
}

export const oneBitEntry: CompressorEntry = {
  name: "one-bit",
  summary: "one bit an entry, and the mean of each side of 0",
  paper: "Seide, Fu, Droppo, Li & Yu 2014",
  law: "contractive, δ ≥ that of sign ≥ 1/d, d of the largest group",
  bits: "d + 64 a group",
  options: [{ name: "per=vector|tensor|block", meaning: GROUPING_MEANING }],
  examples: ["one-bit", "one-bit:per=tensor", "one-bit:per=block,block=64"],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, GROUPING_OPTIONS);
    return oneBit(using, parseGrouping(spec, where));
  },
};
