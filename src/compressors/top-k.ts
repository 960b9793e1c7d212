/**
 * Top-k sparsification: send the k entries of largest magnitude exactly, drop the rest.
 *
 * Contractive, ‖C(x) − x‖² ≤ (1 − k/d)‖x‖², but biased: run it under error feedback. Ties go to the lower index, so equal
 * vectors give equal messages on every machine. A zero is never sent: a vector with fewer than k other entries is sent
 * whole, under its true count.
 *
 * Messages: positions (`coding/positions.ts`, about 8 bits each at k/d = 0.01), then one f32 a position.
 * @see Stich, Cordonnier & Jaggi 2018, "Sparsified SGD with Memory", arXiv:1809.07599
 */
import { ConfigError } from "../base/errors.ts";
import { checkArguments, parseNumber, type Spec } from "../base/spec.ts";
import { type Bytes, bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { maxPositionsBytes, readPositions, writePositions } from "../coding/positions.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Codec, type Compressor, contractive, type Residual } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { LargestEntries } from "./largest.ts";
import { nonFiniteInput } from "./non-finite.ts";

const { fround } = Math;

/** @param k entries kept; all d where k > d @throws {ConfigError} if k is not a positive integer */
export function topK(k: number, using: Kernels = kernels): Compressor {
  if (!Number.isSafeInteger(k) || k < 1) {
    throw new ConfigError("top-k", {
      expected: "a positive whole number of entries",
      got: k,
      hint: "topFraction takes a share of d.",
    });
  }
  return keeping(`top-k:${k}`, (length) => Math.min(k, length), using);
}

/** @param fraction of d, above 0 and at most 1; k = round(fraction · d), at least 1 @throws {ConfigError} */
export function topFraction(fraction: number, using: Kernels = kernels): Compressor {
  if (!(fraction > 0 && fraction <= 1)) {
    throw new ConfigError("top-k", { expected: "a fraction of d above 0 and at most 1", got: fraction });
  }
  const name = `top-k:${fraction === 1 ? "1.0" : fraction}`;
  return keeping(name, (length) => Math.min(length, Math.max(1, Math.round(fraction * length))), using);
}

function keeping(name: string, kept: (length: number) => number, using: Kernels): Compressor {
  return {
    name,
    law: contractive((length) => (length === 0 ? 1 : kept(length) / length)),
    open: (length) => new TopKCodec(name, kept(length), length, using),
  };
}

class TopKCodec implements Codec {
  readonly maxBytes: Bytes;
  readonly #name: string;
  readonly #k: number;
  readonly #length: number;
  readonly #using: Kernels;
  /** Made by the first encode: a receiver never needs it. */
  #largest: LargestEntries | undefined;
  readonly #positions: Uint32Array;
  readonly #values: Float32Array;

  constructor(name: string, k: number, length: number, using: Kernels) {
    this.maxBytes = bytes(length === 0 ? 0 : maxPositionsBytes(k, length) + 4 * k);
    this.#name = name;
    this.#k = k;
    this.#length = length;
    this.#using = using;
    this.#positions = new Uint32Array(k);
    this.#values = new Float32Array(k);
  }

  encode(x: Float32Array, into: ByteSink): void {
    const largest = this.#finder();
    this.#using.histogram(x, largest.counts);
    this.#write(x, largest, into);
  }

  encodeWithFeedback(x: Float32Array, { settled, tentative }: Residual, into: ByteSink): void {
    const largest = this.#finder();
    const p = tentative.values;
    this.#using.addFeedbackHistogram(x, settled.values, settled.scale, p, largest.counts);
    const sent = this.#write(p, largest, into);
    for (let j = 0; j < sent.length; j++) p[sent[j]!] = 0; // what is sent is sent exactly
    tentative.scale = 0;
  }

  decode(from: ByteSource, out: Float32Array): void {
    const count = this.#read(from);
    const positions = this.#positions;
    const values = this.#values;
    out.fill(0);
    for (let j = 0; j < count; j++) out[positions[j]!] = values[j]!;
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number): void {
    const count = this.#read(from);
    const positions = this.#positions;
    const values = this.#values;
    const factor = fround(weight);
    for (let j = 0; j < count; j++) out[positions[j]!]! += fround(factor * values[j]!);
  }

  #finder(): LargestEntries {
    this.#largest ??= new LargestEntries(this.#k, this.#length, this.#using);
    return this.#largest;
  }

  /** Writes the largest entries of x, whose histogram is taken already, and returns their positions. */
  #write(x: Float32Array, largest: LargestEntries, into: ByteSink): Uint32Array {
    const sent = largest.of(x);
    if (sent === undefined) throw nonFiniteInput(this.#name);
    if (this.#length === 0) return sent;
    writePositions(sent, this.#length, into);
    const values = this.#values;
    for (let j = 0; j < sent.length; j++) values[j] = x[sent[j]!]!;
    into.f32s(values.subarray(0, sent.length));
    return sent;
  }

  /** Fills positions and values, and returns how many there are. */
  #read(from: ByteSource): number {
    const count = this.#length === 0 ? 0 : readPositions(from, this.#length, this.#positions);
    const values = this.#values;
    for (let j = 0; j < count; j++) {
      values[j] = from.finite();
      if (values[j] === 0) throw from.corrupt("an entry that is not 0");
    }
    from.end();
    return count;
  }
}

export const topKEntry: CompressorEntry = {
  name: "top-k",
  summary: "the k entries of largest magnitude, exactly",
  paper: "arXiv:1809.07599",
  law: "contractive, δ = k/d",
  bits: "32 k + about k·(log₂(d/k) + 1.5): 40 k at 1 %",
  options: [
    {
      name: "k",
      meaning: "a whole number of entries (32), or with a point or an exponent a fraction of d (0.01, the default)",
    },
  ],
  parse(spec, where, using) {
    checkArguments(spec, where, 1);
    return parseKept(spec, where, using);
  },
};

/** `32` is a number of entries, `0.01`, `1.0` and `1e-3` are fractions; so `1` keeps one entry and `1.0` all. */
function parseKept(spec: Spec, where: string, using: Kernels): Compressor {
  const text = spec.values[0] ?? "0.01";
  if (/^[+-]?\d+$/.test(text)) return topK(parseNumber(text, where, { min: 1, integer: true }), using);
  return topFraction(parseNumber(text, where, { above: 0, max: 1 }), using);
}
