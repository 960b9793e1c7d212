/**
 * CGX max-min quantiser: each bucket of B entries on a uniform grid of 2^bits points from its least to its largest entry.
 *
 *     step = (max − min)/L, L = 2^bits − 1    C(x)_i = min + step · code_i    code_i = (x_i − min)/step, rounded
 *
 * rounding=stochastic (default): up or down at random, unbiased with ω = B/(2L²), for (max − min)² ≤ 2‖x‖² and the
 *     variance is at most step²/4 an entry. At 4 bits and B = 1024 that is 2.28; on a Gaussian vector it is about 0.03.
 * rounding=nearest: ties to even. Biased: 1 − δ = B/(2L²) where that is below 1, else no law.
 *
 * With a layout each tensor is treated apart, and tensors of at most one dimension (biases, norms) or fewer than 1024
 * entries travel as f32. A layout of a single tensor of one dimension is a vector without tensors. Fewer than 16 entries
 * always travel as f32. `widths=4-3-32` gives each tensor of the layout, in order, a width of its own; 32 is f32.
 *
 * Messages: `uniform.ts`, a segment a tensor. Widths are part of the compressor, not of the message: who changes them
 * (`bit-widths.ts`) must have every peer change them at the same step, error memories stay as they are.
 * @see Markov, Ramezanikebrya & Alistarh 2022, "CGX: Adaptive System Support for Communication-Efficient Deep Learning",
 *   arXiv:2111.08617
 */
import { ConfigError } from "../base/errors.ts";
import type { Layout, TensorSlot } from "../base/layout.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { checkBucket, lawOf, parseRounding } from "./blockwise.ts";
import { type Compressor, type Law, unbiased } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { checkLayout } from "./groups.ts";
import { type Rounding, type Segment, sectionsOf, UniformCodec } from "./uniform.ts";

/** The width of a tensor that travels as f32. */
export const PLAIN_WIDTH = 32;

/** A shorter tensor travels as f32, unless it has a width of its own. */
const FEWEST_OF_TENSOR = 1024;
/** A shorter vector or tensor always travels as f32: two scales would be a good part of it. */
const FEWEST = 16;

export interface CgxOptions {
  /** 1 … 8, by default 4. */
  readonly bits?: number;
  /** Entries that share a grid: a multiple of 8, by default 1024. */
  readonly bucket?: number;
  /** By default stochastic. */
  readonly rounding?: Rounding;
  /** One for each tensor of the layout, in order: 1 … 8, or 32 for f32. In place of `bits`. */
  readonly widths?: readonly number[];
}

export interface Cgx extends Compressor {
  /** The same with other widths: the messages of the two differ, so all ends must change at an agreed step. */
  withWidths(widths: readonly number[]): Cgx;
}

/** @throws {ConfigError} */
export function cgx(options: CgxOptions = {}, using: Kernels = kernels): Cgx {
  const { bits = 4, bucket = 1024, rounding = "stochastic", widths } = options;
  checkBucket(bucket, "cgx: bucket");
  for (const width of widths ?? [bits]) checkWidth(width, widths !== undefined);
  const name = nameOf({ bits, bucket, rounding, widths });
  const segments = (length: number, layout?: Layout) => segmentsOf(length, layout, { bits, bucket, widths });
  return {
    name,
    law: lawOfWidths(widths ?? [bits], bucket, rounding),
    open: (length, layout) =>
      new UniformCodec(name, segments(length, layout), rounding, using, 4 * Math.min(length, FEWEST - 1)),
    sections: (length, layout) => sectionsOf(segments(length, layout)),
    withWidths: (other) => cgx({ bucket, rounding, widths: other }, using),
  };
}

type Widths = Required<Pick<CgxOptions, "bits" | "bucket">> & { readonly widths: readonly number[] | undefined };

function nameOf({ bits, bucket, rounding, widths }: Widths & { readonly rounding: Rounding }): string {
  const parts = [
    ...(widths === undefined ? [`bits=${bits}`] : []),
    `bucket=${bucket}`,
    ...(widths === undefined ? [] : [`widths=${widths.join("-")}`]),
    ...(rounding === "stochastic" ? [] : [`rounding=${rounding}`]),
  ];
  return `cgx:${parts.join(",")}`;
}

/** That of the fewest bits; in a vector too short to be quantised nothing is lost. */
function lawOfWidths(widths: readonly number[], bucket: number, rounding: Rounding): Law {
  const bits = Math.min(8, ...widths);
  const law = lawOf({ bits, bucket, symmetric: false }, rounding);
  return law.kind === "unbiased" ? unbiased((length) => (length < FEWEST ? 0 : law.omega(length))) : law;
}

function segmentsOf(length: number, layout: Layout | undefined, { bits, bucket, widths }: Widths): Segment[] {
  const grid = (count: number, width: number) =>
    width === PLAIN_WIDTH || count < FEWEST ? undefined : { bits: width, bucket, symmetric: false };
  if (length === 0) return [];
  if (layout !== undefined) checkLayout(layout, length, "cgx");
  if (widths !== undefined) {
    const tensors = layout?.tensors ?? [{ offset: 0, length }];
    if (tensors.length !== widths.length) {
      throw new ConfigError("cgx: widths", {
        expected: `a width for each of ${tensors.length} tensor(s)`,
        got: `${widths.length} width(s)`,
      });
    }
    return tensors.map(({ offset, length: count }, t) => ({ offset, length: count, grid: grid(count, widths[t]!) }));
  }
  if (layout === undefined || isFlat(layout)) return [{ offset: 0, length, grid: grid(length, bits) }];
  return layout.tensors.map((tensor) => ({
    offset: tensor.offset,
    length: tensor.length,
    grid: isQuantised(tensor) ? grid(tensor.length, bits) : undefined,
  }));
}

const isFlat = ({ tensors }: Layout): boolean => tensors.length === 1 && tensors[0]!.shape.length <= 1;

/** Whether a tensor passes the filter: a matrix or more, of at least 1024 entries. */
export const isQuantised = ({ shape, length }: TensorSlot): boolean => shape.length > 1 && length >= FEWEST_OF_TENSOR;

function checkWidth(width: number, orPlain: boolean): void {
  if (Number.isInteger(width) && width >= 1 && (width <= 8 || (orPlain && width === PLAIN_WIDTH))) return;
  throw new ConfigError("cgx", { expected: `1 to 8 bits${orPlain ? ", or 32 for f32" : ""}`, got: width });
}

export const cgxEntry: CompressorEntry = {
  name: "cgx",
  summary: "a few bits an entry on a grid from each bucket's least entry to its largest",
  paper: "arXiv:2111.08617",
  law: "unbiased, ω = B/(2(2^bits − 1)²); rounding=nearest: contractive, 1 − δ = B/(2(2^bits − 1)²) where below 1",
  bits: "bits·d + 64⌈d/B⌉; small tensors and vectors 32 an entry",
  options: [
    { name: "bits=1…8", meaning: "bits an entry, 4 by default" },
    { name: "bucket=B", meaning: "entries that share a grid, 1024 by default" },
    { name: "rounding=stochastic|nearest", meaning: "at random and unbiased (default), or to nearest" },
    { name: "widths=4-3-32", meaning: "bits for each tensor, in order, in place of bits; 32 is f32" },
  ],
  examples: [
    "cgx:bits=4,bucket=1024",
    "cgx:bits=4,bucket=128,rounding=nearest",
    "cgx:bits=2,bucket=128",
    "cgx:bits=8,bucket=64",
    "cgx:bits=3,bucket=512",
    "cgx:bits=1,bucket=16",
  ],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, ["bits", "bucket", "rounding", "widths"]);
    const [bits, widths] = [spec.options.get("bits"), spec.options.get("widths")];
    if (bits !== undefined && widths !== undefined) {
      throw new ConfigError(where, { expected: "bits or widths, not both", got: spec.text });
    }
    const bucket = parseNumber(spec.options.get("bucket") ?? "1024", where, { integer: true });
    checkBucket(bucket, where);
    const rounding = parseRounding(spec.options.get("rounding") ?? "stochastic", where);
    if (widths === undefined) {
      return cgx({ bits: parseNumber(bits ?? "4", where, { min: 1, max: 8, integer: true }), bucket, rounding }, using);
    }
    return cgx({ bucket, rounding, widths: widths.split("-").map((width) => parseWidth(width, where)) }, using);
  },
};

function parseWidth(text: string, where: string): number {
  return text === String(PLAIN_WIDTH) ? PLAIN_WIDTH : parseNumber(text, where, { min: 1, max: 8, integer: true });
}
