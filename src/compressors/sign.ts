/**
 * Sign: one bit an entry, sign(0) = +1, least significant bit first.
 *
 * Scaled:  C(x) = (‖x‖₁/d) · sign(x). Contractive with δ(x) = ‖x‖₁²/(d‖x‖²) ≥ 1/d, 2/π for Gaussian x; biased, so
 *          run it under error feedback. Groups of entries (`groups.ts`) may each have a scale: the error is
 *          Σ_g (‖x_g‖² − ‖x_g‖₁²/d_g), never above that of one scale.
 *          Messages: the bits of each group, from a byte of its own on, then one f32 a group.
 * Plain:   C(x) = sign(x), whatever the size of x. It obeys no law: the step size is the scale, and error feedback
 *          around it does not converge.
 * @see Karimireddy, Rebjock, Stich & Jaggi 2019, "Error Feedback Fixes SignSGD", arXiv:1901.09847
 * @see Bernstein, Wang, Azizzadenesheli & Anandkumar 2018, "signSGD", arXiv:1802.04434
 */
import { ConfigError } from "../base/errors.ts";
import { checkArguments } from "../base/spec.ts";
import { type Bytes, bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { checkUnusedBits, packedBytes } from "../coding/fixed-width.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Codec, type Compressor, contractive, lawless, type Residual } from "./compressor.ts";
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

/** Sign times the mean magnitude, of the whole vector or of each group. */
export function scaledSign(using: Kernels = kernels, grouping: Grouping = wholeVector): Compressor {
  const name = groupedName("sign", grouping);
  return {
    name,
    law: contractive((length) => 1 / Math.max(1, grouping.largest(length))),
    open: (length, layout) =>
      length === 0 ? emptyCodec : new ScaledSignCodec(name, new GroupBits(grouping.ends(length, layout)), using),
  };
}

class ScaledSignCodec implements Codec {
  readonly maxBytes: Bytes;
  readonly #name: string;
  readonly #groups: GroupBits;
  readonly #using: Kernels;

  constructor(name: string, groups: GroupBits, using: Kernels) {
    this.maxBytes = bytes(groups.size + 4 * groups.count);
    this.#name = name;
    this.#groups = groups;
    this.#using = using;
  }

  encode(x: Float32Array, into: ByteSink): void {
    const start = into.length;
    const bits = into.room(this.#groups.size); // first: a scale is known only when all entries were seen
    for (let g = 0; g < this.#groups.count; g++) {
      const entries = this.#groups.entries(x, g);
      const sum = this.#using.packSignsAndSum(entries, this.#groups.bits(bits, g));
      refuseNaN(sum, this.#name, into, start);
      into.f32(sum / entries.length);
    }
  }

  encodeWithFeedback(x: Float32Array, residual: Residual, into: ByteSink): void {
    if (this.#groups.count === 1) this.#encodeLazily(x, residual, into);
    else this.#encodeGroups(x, residual, into);
  }

  /** One pass: the memory stays lazy, p − scale · sign(p) is taken at the next encode. */
  #encodeLazily(x: Float32Array, { settled, tentative }: Residual, into: ByteSink): void {
    const start = into.length;
    const bits = into.room(this.#groups.size);
    const sum = this.#using.signFeedback(x, settled.values, settled.scale, tentative.values, bits);
    refuseNaN(sum, this.#name, into, start);
    tentative.scale = fround(sum / x.length);
    into.f32(tentative.scale);
  }

  /** Two passes over each group, the second while a small group is still in the cache. */
  #encodeGroups(x: Float32Array, { settled, tentative }: Residual, into: ByteSink): void {
    const start = into.length;
    const groups = this.#groups;
    const bits = into.room(groups.size);
    const error = plain(settled);
    tentative.scale = 0;
    for (let g = 0; g < groups.count; g++) {
      const p = groups.entries(tentative.values, g);
      const signs = groups.bits(bits, g);
      const sum = this.#using.signFeedback(groups.entries(x, g), groups.entries(error, g), 0, p, signs);
      refuseNaN(sum, this.#name, into, start);
      const scale = fround(sum / p.length);
      into.f32(scale);
      this.#using.addSigns(signs, -scale, p);
    }
  }

  decode(from: ByteSource, out: Float32Array): void {
    const { bits, scales } = this.#read(from);
    for (let g = 0; g < scales.length; g++) {
      const entries = this.#groups.entries(out, g);
      if (scales[g] === 0) entries.fill(0);
      else this.#using.unpackSigns(this.#groups.bits(bits, g), scales[g]!, entries);
    }
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number): void {
    const { bits, scales } = this.#read(from);
    for (let g = 0; g < scales.length; g++) {
      const step = fround(fround(weight) * scales[g]!);
      this.#using.addSigns(this.#groups.bits(bits, g), step, this.#groups.entries(out, g));
    }
  }

  #read(from: ByteSource): { bits: Uint8Array; scales: Float32Array } {
    const bits = this.#groups.read(from);
    const scales = from.f32s(this.#groups.count);
    for (let g = 0; g < scales.length; g++) checkMean(scales[g]!, from);
    from.end();
    return { bits, scales };
  }
}

/** Sign alone, as in signSGD. */
export function plainSign(using: Kernels = kernels): Compressor {
  return {
    name: "sign:scale=none",
    law: lawless,
    open(length) {
      if (length === 0) return emptyCodec;
      const size = packedBytes(length, 1);
      return {
        maxBytes: bytes(size),
        encode(x, into) {
          const start = into.length;
          const sum = using.packSignsAndSum(x, into.room(size)); // summed for the finite check: still one pass
          refuseNaN(sum, "sign:scale=none", into, start);
        },
        /** One pass: the memory stays lazy, p − sign(p) is taken at the next encode. */
        encodeWithFeedback(x, { settled, tentative }, into) {
          const start = into.length;
          const sum = using.signFeedback(x, settled.values, settled.scale, tentative.values, into.room(size));
          refuseNaN(sum, "sign:scale=none", into, start);
          tentative.scale = 1;
        },
        decode(from, out) {
          const bits = readBits(from, length);
          from.end();
          using.unpackSigns(bits, 1, out);
        },
        decodeAdd(from, out, weight) {
          const bits = readBits(from, length);
          from.end();
          using.addSigns(bits, fround(weight), out);
        },
      };
    },
  };
}

function readBits(from: ByteSource, length: number): Uint8Array {
  const bits = from.bytes(packedBytes(length, 1));
  checkUnusedBits(bits, length, from);
  return bits;
}

export const signEntry: CompressorEntry = {
  name: "sign",
  aliases: ["scaled-sign"],
  summary: "one bit an entry, times the mean magnitude",
  paper: "arXiv:1901.09847",
  law: "contractive, δ = ‖x‖₁²/(d‖x‖²) ≥ 1/d (2/π for Gaussian x), d of the largest group; with scale=none none",
  bits: "d + 32 a group; with scale=none d",
  options: [
    { name: "scale=mean|none", meaning: "times the mean magnitude (default), or plain ±1 as in signSGD" },
    { name: "per=vector|tensor|block", meaning: GROUPING_MEANING },
  ],
  examples: ["sign", "sign:scale=none", "sign:per=tensor", "sign:per=block,block=64"],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, ["scale", ...GROUPING_OPTIONS]);
    const grouping = parseGrouping(spec, where);
    const scale = spec.options.get("scale") ?? "mean";
    if (scale === "mean") return scaledSign(using, grouping);
    if (scale === "none" && grouping === wholeVector) return plainSign(using);
    if (scale === "none") throw new ConfigError(where, { expected: "groups only with a scale", got: spec.text });
    throw new ConfigError(where, { expected: "scale=mean or scale=none", got: spec.text });
  },
};
