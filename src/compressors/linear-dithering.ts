/**
 * Standard (linear) dithering and QSGD: entries are rounded at random to whole multiples of norm/s.
 *
 *     y = |x_i|·s/N, N = ‖x‖₂ or max|x_i| of the bucket;  C(x)_i = sign(x_i)·(N/s)·(⌊y⌋ + 1 with probability y − ⌊y⌋, else ⌊y⌋)
 *
 * Unbiased, ω ≤ min(B/(4s²), √B/s) for buckets of B; for s = 1 and ‖x‖₂ exactly ‖x‖₁/‖x‖₂ − 1. The step N/s is rounded up
 * to f32 and y computed with it, so no entry lies above s steps and nothing is cut off. Chances have 16 bits: the mean is
 * right within 2⁻¹⁶ of a step, for s above 63 within 2⁻²¹ of N.
 *
 * QSGD: buckets, and any of the codes. Linear dithering: one norm for the whole vector, and the fixed code.
 *
 * Messages: for each bucket its step (f32), then the levels −s … s of all entries in the code (`coding/level-codes.ts`);
 * each decodes to fround(level · step). fixed: 1 + bitlength(s) bits an entry in two's complement, least significant bit
 * first, unused bits 0: four at s = 7. sparse and dense: Elias omega codes. auto, QSGD's default: one byte, 0 fixed, 1
 * sparse, 2 dense, then the shortest of the three.
 * @see Alistarh, Grubic, Li, Tomioka & Vojnovic 2016, "QSGD", arXiv:1610.02132
 */
import { ConfigError } from "../base/errors.ts";
import { checkArguments, parseNumber, type Spec } from "../base/spec.ts";
import {
  autoCode,
  denseCode,
  fixedCode,
  type LevelCode,
  levelWidth,
  MAX_LEVELS,
  sparseCode,
} from "../coding/level-codes.ts";
import { MAX_LENGTH } from "../coding/limits.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, unbiased } from "./compressor.ts";
import { DitheringCodec, type Norm } from "./dithering.ts";
import type { CompressorEntry } from "./entry.ts";
import { type Grouping, perBlock, wholeVector } from "./groups.ts";
import { equalSteps } from "./ladder.ts";
import { raw, symbols } from "./symbols.ts";

const CODES: ReadonlyMap<string, LevelCode> = new Map(
  [autoCode, fixedCode, sparseCode, denseCode].map((code) => [code.name, code]),
);

export interface Quantisation {
  /** s, 1 … 16383. */
  readonly levels: number;
  readonly norm: Norm;
}

/** @param bucket entries that share a norm */
export function qsgd(
  { levels, norm, bucket, code }: Quantisation & { readonly bucket: number; readonly code: LevelCode },
  using: Kernels = kernels,
): Compressor {
  const name = [
    `qsgd:levels=${levels},bucket=${bucket}`,
    ...(norm === "l2" ? [] : [`norm=${norm}`]),
    ...(code === autoCode ? [] : [`code=${code.name}`]),
  ].join(",");
  const compressor = linear({ name, levels, norm, buckets: perBlock(bucket), code }, using);
  if (code !== autoCode) return compressor;
  return { ...compressor, inSections: qsgd({ levels, norm, bucket, code: fixedCode }, using) };
}

export function linearDithering({ levels, norm }: Quantisation, using: Kernels = kernels): Compressor {
  const name = `linear-dithering:levels=${levels}${norm === "l2" ? "" : `,norm=${norm}`}`;
  return linear({ name, levels, norm, buckets: wholeVector, code: fixedCode }, using);
}

interface Linear extends Quantisation {
  readonly name: string;
  readonly buckets: Grouping;
  readonly code: LevelCode;
}

function linear({ name, levels, norm, buckets, code }: Linear, using: Kernels): Compressor {
  return {
    name,
    law: unbiased((length) => linearVariance(buckets.largest(length), levels)),
    open: (length) =>
      new DitheringCodec({ name, norm, ladder: equalSteps(levels, using), code }, length, buckets.ends(length), using),
    ...(code === fixedCode && levelWidth(levels) <= 12
      ? { sections: (length) => [raw(4 * buckets.ends(length).length), symbols(length, levelWidth(levels))] }
      : {}),
  };
}

/** ω of s equal levels of ‖x‖₂ or max|x_i| in d entries. */
export const linearVariance = (length: number, levels: number): number =>
  Math.min(length / (4 * levels ** 2), Math.sqrt(length) / levels);

export const LEVELS_MEANING = "levels s of the norm on each side of 0, 1 to 16383 (default 7)";
export const NORM_MEANING = "‖x‖₂ (default) or max|x_i|";

export const qsgdEntry: CompressorEntry = {
  name: "qsgd",
  summary: "random rounding to s levels of each bucket's norm",
  paper: "arXiv:1610.02132",
  law: "unbiased, ω = min(B/(4s²), √B/s) for buckets of B",
  bits: "32 d/B + at most d·(1 + ⌈log₂(s + 1)⌉); about 1.5 d for s = 7, B = 512",
  options: [
    { name: "levels=7", meaning: LEVELS_MEANING },
    { name: "bucket=512", meaning: "entries that share a norm" },
    { name: "norm=l2|max", meaning: NORM_MEANING },
    {
      name: "code=auto|fixed|sparse|dense",
      meaning: "the shortest for each message (default), fixed width (fastest: 4 bits at levels=7), or one Elias code",
    },
  ],
  examples: [
    "qsgd:levels=7,bucket=512",
    "qsgd:levels=7,bucket=512,code=fixed",
    "qsgd:levels=1,bucket=64,code=sparse",
    "qsgd:levels=20,bucket=100,norm=max,code=dense",
  ],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, ["levels", "bucket", "norm", "code"]);
    const bucket = parseNumber(spec.options.get("bucket") ?? "512", where, { min: 1, max: MAX_LENGTH, integer: true });
    const code = CODES.get(spec.options.get("code") ?? "auto");
    if (code === undefined) {
      throw new ConfigError(where, { expected: "code=auto, fixed, sparse or dense", got: spec.text });
    }
    return qsgd({ levels: parseLevels(spec, where, 7), norm: parseNorm(spec, where), bucket, code }, using);
  },
};

export const linearDitheringEntry: CompressorEntry = {
  name: "linear-dithering",
  aliases: ["standard-dithering"],
  summary: "random rounding to s equal levels of the vector's norm",
  paper: "arXiv:1610.02132",
  law: "unbiased, ω = min(d/(4s²), √d/s)",
  bits: "32 + d·(1 + ⌈log₂(s + 1)⌉)",
  options: [
    { name: "levels=7", meaning: LEVELS_MEANING },
    { name: "norm=l2|max", meaning: NORM_MEANING },
  ],
  examples: ["linear-dithering:levels=7", "linear-dithering:levels=127,norm=max"],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, ["levels", "norm"]);
    return linearDithering({ levels: parseLevels(spec, where, 7), norm: parseNorm(spec, where) }, using);
  },
};

export const parseLevels = (spec: Spec, where: string, usual: number, max: number = MAX_LEVELS): number =>
  parseNumber(spec.options.get("levels") ?? String(usual), where, { min: 1, max, integer: true });

export function parseNorm(spec: Spec, where: string): Norm {
  const norm = spec.options.get("norm") ?? "l2";
  if (norm === "l2" || norm === "max") return norm;
  throw new ConfigError(where, { expected: "norm=l2 or norm=max", got: spec.text });
}
