/**
 * Blockwise uniform quantisation: each block of B entries has its own step. Messages: `uniform.ts`, one segment.
 *
 * range=symmetric (default): step = max|x_i|/M with M = 2^(bits−1) − 1, codes −M … M, sent as code + M.
 *     Rounded to nearest, ties to even: contractive, 1 − δ = min(B/(4M²), 1 − 1/B), for an error is at most half a step and
 *     the largest entry is exact. Biased: run it under error feedback. Rounded at random: unbiased, ω = B/(4M²).
 * range=affine: step = (max − min)/L with L = 2^bits − 1, codes 0 … L above min. (max − min)² ≤ 2‖x‖², so to nearest
 *     1 − δ = B/(2L²) where that is below 1, at random ω = B/(2L²).
 * range=bagua: 8 bits as BAGUA has them, see `min-max-uint8.ts`.
 * @see Dettmers 2016, "8-Bit Approximations for Parallelism in Deep Learning", arXiv:1511.04561
 * @see Gan et al. 2021, "BAGUA: Scaling up Distributed Learning with System Relaxations", arXiv:2107.01499
 */
import { ConfigError } from "../base/errors.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import { type Grid, levelsOf, MAX_BUCKET } from "../kernels/grid.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, contractive, type Law, lawless, unbiased } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { minMaxUint8 } from "./min-max-uint8.ts";
import { type Rounding, type Segment, sectionsOf, UniformCodec } from "./uniform.ts";

export interface BlockwiseOptions {
  /** 8 (default) or 4. */
  readonly bits?: 8 | 4;
  /** Entries a block, a multiple of 8; by default 256 for 8 bits and 64 for 4. */
  readonly block?: number;
  readonly range?: "symmetric" | "affine";
  readonly rounding?: Rounding;
}

/** @throws {ConfigError} if the block is not a multiple of 8 from 8 to 16384 */
export function blockwise(options: BlockwiseOptions = {}, using: Kernels = kernels): Compressor {
  const { bits = 8, block = usualBlock(bits), range = "symmetric", rounding = "nearest" } = options;
  checkBucket(block, "blockwise");
  const grid: Grid = { bits, bucket: block, symmetric: range === "symmetric" };
  const unusual = [
    ...(range === "symmetric" ? [] : [`range=${range}`]),
    ...(rounding === "nearest" ? [] : [`rounding=${rounding}`]),
  ];
  const name = `blockwise:${[`bits=${bits}`, `block=${block}`, ...unusual].join(",")}`;
  const segments = (length: number): Segment[] => (length === 0 ? [] : [{ offset: 0, length, grid }]);
  return {
    name,
    law: lawOf(grid, rounding),
    open: (length) => new UniformCodec(name, segments(length), rounding, using),
    sections: (length) => sectionsOf(segments(length)),
  };
}

const usualBlock = (bits: number): number => (bits === 8 ? 256 : 64);

/** @throws {ConfigError} */
export function checkBucket(bucket: number, where: string): void {
  if (Number.isInteger(bucket) && bucket % 8 === 0 && bucket >= 8 && bucket <= MAX_BUCKET) return;
  throw new ConfigError(where, { expected: `a multiple of 8 from 8 to ${MAX_BUCKET} entries`, got: bucket });
}

/** Of one grid for each bucket of a vector. */
export function lawOf(grid: Grid, rounding: Rounding): Law {
  const levels = levelsOf(grid);
  const bucketOf = (length: number) => Math.min(grid.bucket, Math.max(1, length));
  /** Bound on ‖C(x) − x‖²/‖x‖²: half a step squared an entry to nearest, and the variance at random. */
  const error = (bucket: number) => bucket / ((grid.symmetric ? 4 : 2) * levels ** 2);
  if (rounding === "stochastic") return unbiased((length) => error(bucketOf(length)));
  if (grid.symmetric) {
    return contractive((length) => Math.max(1 / bucketOf(length), 1 - error(bucketOf(length))));
  }
  return error(grid.bucket) < 1 ? contractive((length) => 1 - error(bucketOf(length))) : lawless;
}

export const blockwiseEntry: CompressorEntry = {
  name: "blockwise",
  summary: "8 or 4 bits an entry on a uniform grid, each block with its own step",
  paper: "arXiv:1511.04561",
  law: "contractive, 1 − δ = min(B/(4M²), 1 − 1/B), M = 127 or 7; rounding=stochastic: unbiased, ω = B/(4M²)",
  bits: "bits·d + 32⌈d/B⌉; range=affine or bagua: bits·d + 64⌈d/B⌉",
  options: [
    { name: "bits=8|4", meaning: "bits an entry" },
    { name: "block=B", meaning: "entries that share a step: 256 for 8 bits, 64 for 4" },
    { name: "range=symmetric|affine|bagua", meaning: "about zero, from least to largest, or as BAGUA rounds it" },
    { name: "rounding=nearest|stochastic", meaning: "to nearest, or at random and unbiased" },
  ],
  examples: [
    "blockwise:bits=8,block=256",
    "blockwise:bits=4,block=64",
    "blockwise:bits=8,block=256,rounding=stochastic",
    "blockwise:bits=8,block=256,range=affine",
    "blockwise:bits=4,block=64,range=affine,rounding=stochastic",
    "blockwise:bits=8,block=256,range=bagua",
  ],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, ["bits", "block", "range", "rounding"]);
    const bits = spec.options.get("bits") ?? "8";
    if (bits !== "8" && bits !== "4") throw new ConfigError(where, { expected: "bits=8 or bits=4", got: spec.text });
    const width = bits === "8" ? 8 : 4;
    const block = parseNumber(spec.options.get("block") ?? String(usualBlock(width)), where, { integer: true });
    checkBucket(block, where);
    const range = spec.options.get("range") ?? "symmetric";
    const rounding = parseRounding(spec.options.get("rounding") ?? "nearest", where);
    if (range === "symmetric" || range === "affine") return blockwise({ bits: width, block, range, rounding }, using);
    if (range === "bagua" && width === 8 && rounding === "nearest") return minMaxUint8(block, using);
    const expected = "range=symmetric or range=affine, or with 8 bits to nearest range=bagua";
    throw new ConfigError(where, { expected, got: spec.text });
  },
};

/** @throws {ConfigError} naming `where` */
export function parseRounding(text: string, where: string): Rounding {
  if (text === "nearest" || text === "stochastic") return text;
  throw new ConfigError(where, { expected: "rounding=nearest or rounding=stochastic", got: text });
}
