/**
 * BAGUA's 8 bits: each block on the 256 whole multiples of 1/scale that end next to its largest entry.
 *
 *     scale = 255/(max − min + 10⁻⁷)    upper = round(max · scale)    lower = upper − 255
 *     q = min(round(x · scale), upper) − lower, held within 0 … 255    value = (q + lower)/scale
 *
 * In f64, ties to even, values rounded to f32. It obeys no law: the 10⁻⁷ swallows a block whose range is far below it.
 * Messages: one block behind the other, min and max (f32, little-endian) and a byte an entry.
 * @see Gan et al. 2021, "BAGUA: Scaling up Distributed Learning with System Relaxations", arXiv:2107.01499
 */
import { bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, lawless } from "./compressor.ts";
import { nonFiniteInput } from "./non-finite.ts";
import { raw, type Section, symbols } from "./symbols.ts";

const { fround } = Math;
const LARGEST = 3.4028234663852886e38; // of f32

/** @param block entries that share a scale */
export function minMaxUint8(block: number, using: Kernels = kernels): Compressor {
  const name = `blockwise:bits=8,block=${block},range=bagua`;
  return {
    name,
    law: lawless,
    open: (length) => ({
      maxBytes: bytes(8 * Math.ceil(length / block) + length),
      encode(x, into) {
        if (!using.allFinite(x)) throw nonFiniteInput(name);
        for (let start = 0; start < length; start += block) writeBlock(x.subarray(start, start + block), into);
      },
      decode(from, out) {
        eachValue(from, length, block, (i, value) => {
          out[i] = value;
        });
      },
      decodeAdd(from, out, weight) {
        eachValue(from, length, block, (i, value) => {
          out[i] = out[i]! + fround(fround(weight) * value);
        });
      },
    }),
    sections(length) {
      const sections: Section[] = [];
      for (let start = 0; start < length; start += block) {
        sections.push(raw(8), symbols(Math.min(block, length - start), 8));
      }
      return sections;
    },
  };
}

function writeBlock(x: Float32Array, into: ByteSink): void {
  let [min, max] = [x[0]!, x[0]!];
  for (let i = 1; i < x.length; i++) {
    min = Math.min(min, x[i]!);
    max = Math.max(max, x[i]!);
  }
  const codes = into.f32(min).f32(max).room(x.length);
  const { scale, upper, lower } = levelsOf(min, max);
  for (let i = 0; i < x.length; i++) {
    const q = Math.min(roundHalfEven(x[i]! * scale), upper) - lower;
    codes[i] = Math.max(0, Math.min(255, q));
  }
}

function levelsOf(min: number, max: number): { scale: number; upper: number; lower: number } {
  const scale = 255 / (max - min + 1e-7);
  const upper = roundHalfEven(max * scale);
  return { scale, upper, lower: upper - 255 };
}

/** Calls `visit` with each entry's index and value, when the whole message decodes. */
function eachValue(from: ByteSource, length: number, block: number, visit: (i: number, value: number) => void): void {
  const blocks: { min: number; max: number; codes: Uint8Array }[] = [];
  for (let start = 0; start < length; start += block) {
    const [min, max] = [from.finite(), from.finite()];
    if (min > max) throw from.corrupt(`a largest entry of at least ${min}`, max);
    blocks.push({ min, max, codes: from.bytes(Math.min(block, length - start)) });
  }
  from.end();
  for (const [b, { min, max, codes }] of blocks.entries()) {
    const { scale, lower } = levelsOf(min, max);
    for (let i = 0; i < codes.length; i++) {
      const value = (codes[i]! + lower) / scale + 0; // −0 becomes 0
      visit(b * block + i, fround(Math.max(-LARGEST, Math.min(LARGEST, value))) + 0);
    }
  }
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
