/**
 * Adaptive random sparsification: send one entry, drawn with probability |x_i|/‖x‖₁, as it is.
 *
 * Contractive with δ ≥ 1/d: E‖C(x) − x‖² = (1 − ‖x‖₃³/(‖x‖₁‖x‖²))‖x‖². Biased: run it under error feedback. Small
 * entries of heavy vectors are seldom sent, so it suits vectors that few entries dominate.
 *
 * Messages: positions (`coding/positions.ts`) of one entry, or of none for a zero vector, then the entry as f32. The draw
 * depends on x, so the position must travel.
 *
 * The entry is the first at which the running sum of magnitudes exceeds u‖x‖₁, with u of 53 bits from draws 0 and 1 of
 * the message's randomness.
 * @see Beznosikov, Horváth, Richtárik & Safaryan 2020, "On Biased Compression for Distributed Learning", arXiv:2002.12410
 */
import type { Random } from "../base/random.ts";
import { checkArguments } from "../base/spec.ts";
import type { Bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, contractive } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { nonFiniteInput } from "./non-finite.ts";
import { type FusedSparsifier, SentPositions, sparse } from "./sparse.ts";
import type { Kept } from "./sparsity.ts";

const NAME = "adaptive-random-sparsification";

/** Entries whose sum is taken at once: a block of the law of sums. */
const BLOCK = 4096;

export const adaptiveRandomSparsification = (using: Kernels = kernels): Compressor =>
  sparse(
    NAME,
    contractive((length) => 1 / Math.max(1, length)),
    { kept: (length) => Math.min(1, length), open: (length) => new OneByMagnitude(length, using) },
    using,
  );

class OneByMagnitude implements FusedSparsifier {
  readonly maxBytes: Bytes;
  readonly most = 1;
  readonly keepsZeros = false;
  readonly #using: Kernels;
  readonly #sent: SentPositions;
  readonly #sums: Float64Array;

  constructor(length: number, using: Kernels) {
    this.#using = using;
    this.#sent = new SentPositions(1, length, using);
    this.maxBytes = this.#sent.maxBytes;
    this.#sums = new Float64Array(Math.ceil(length / BLOCK));
  }

  select(x: Float32Array, into: ByteSink, rng: Random): Kept {
    const total = this.#sumBlocks(x);
    if (!Number.isFinite(total)) throw nonFiniteInput(NAME);
    const positions = Uint32Array.from(total === 0 ? [] : [this.#entryAt(x, uniform53(rng) * total)]);
    this.#sent.write(positions, into);
    return { positions, values: Float32Array.from(positions, (i) => x[i]!) };
  }

  selectSum(x: Float32Array, e: Float32Array, p: Float32Array, into: ByteSink, rng: Random): Kept {
    this.#using.add(x, e, p);
    return this.select(p, into, rng);
  }

  positions(from: ByteSource): Uint32Array {
    return this.#sent.read(from);
  }

  #sumBlocks(x: Float32Array): number {
    let total = 0;
    for (let b = 0; b < this.#sums.length; b++) {
      this.#sums[b] = this.#using.sumMagnitudes(x.subarray(BLOCK * b, BLOCK * (b + 1)));
      total += this.#sums[b]!;
    }
    return total;
  }

  /** Where the running sum of magnitudes passes `mark`; the last entry that is not 0 if rounding keeps it below. */
  #entryAt(x: Float32Array, mark: number): number {
    let left = mark;
    let block = 0;
    for (let b = 0; b < this.#sums.length; b++) {
      if (this.#sums[b] === 0) continue;
      block = b;
      if (left < this.#sums[b]!) break;
      left -= this.#sums[b]!;
    }
    let entry = 0;
    for (let i = BLOCK * block; i < Math.min(x.length, BLOCK * (block + 1)); i++) {
      if (x[i] === 0) continue;
      entry = i;
      if (left < Math.abs(x[i]!)) break;
      left -= Math.abs(x[i]!);
    }
    return entry;
  }
}

/** Uniform on [0, 1) in steps of 2⁻⁵³. */
const uniform53 = (rng: Random): number => ((rng.u32(0) >>> 5) * 2 ** 26 + (rng.u32(1) >>> 6)) / 2 ** 53;

export const adaptiveRandomSparsificationEntry: CompressorEntry = {
  name: NAME,
  summary: "one entry, drawn by its magnitude",
  paper: "arXiv:2002.12410",
  law: "contractive, δ = ‖x‖₃³/(‖x‖₁‖x‖²) ≥ 1/d",
  bits: "32 + about log₂ d",
  options: [],
  examples: [NAME],
  parse(spec, where, using) {
    checkArguments(spec, where, 0);
    return adaptiveRandomSparsification(using);
  },
};
