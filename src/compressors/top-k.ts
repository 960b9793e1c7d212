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
import { checkArguments } from "../base/spec.ts";
import type { Bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Amount, entries, keptOf, parseAmount, shareOf } from "./amount.ts";
import { type Compressor, contractive } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { LargestEntries } from "./largest.ts";
import { nonFiniteInput } from "./non-finite.ts";
import { type FusedSparsifier, SentPositions, sparse } from "./sparse.ts";
import type { Kept } from "./sparsity.ts";

/** @param k entries kept; all d where k > d @throws {ConfigError} if k is not a positive integer */
export const topK = (k: number, using: Kernels = kernels): Compressor => keeping(entries(k, "top-k"), using);

/** @param fraction of d, above 0 and at most 1; k = round(fraction · d), at least 1 @throws {ConfigError} */
export const topFraction = (fraction: number, using: Kernels = kernels): Compressor =>
  keeping(shareOf(fraction, "top-k"), using);

function keeping(amount: Amount, using: Kernels): Compressor {
  const name = `top-k:${amount.text}`;
  const kept = (length: number) => keptOf(amount, length);
  const law = contractive((length) => (length === 0 ? 1 : kept(length) / length));
  return sparse(name, law, { kept, open: (length) => new Largest(name, kept(length), length, using) }, using);
}

class Largest implements FusedSparsifier {
  readonly most: number;
  readonly keepsZeros = false;
  readonly maxBytes: Bytes;
  readonly #name: string;
  readonly #sent: SentPositions;
  readonly #newFinder: () => LargestEntries;
  /** Made by the first encode: a receiver never needs it. */
  #finder: LargestEntries | undefined;

  constructor(name: string, k: number, length: number, using: Kernels) {
    this.most = k;
    this.#name = name;
    this.#sent = new SentPositions(k, length, using);
    this.maxBytes = this.#sent.maxBytes;
    this.#newFinder = () => new LargestEntries(k, length, using);
  }

  select(x: Float32Array, into: ByteSink): Kept {
    this.#finder ??= this.#newFinder();
    return this.#send(this.#finder.of(x), into);
  }

  selectSum(x: Float32Array, e: Float32Array, p: Float32Array, into: ByteSink): Kept {
    this.#finder ??= this.#newFinder();
    return this.#send(this.#finder.ofSum(x, e, p), into);
  }

  positions(from: ByteSource): Uint32Array {
    return this.#sent.read(from);
  }

  #send(kept: Kept | undefined, into: ByteSink): Kept {
    if (kept === undefined) throw nonFiniteInput(this.#name);
    this.#sent.write(kept.positions, into);
    return kept;
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
  examples: ["top-k:0.01", "top-k:3"],
  parse(spec, where, using) {
    checkArguments(spec, where, 1);
    return keeping(parseAmount(spec.values[0] ?? "0.01", where), using);
  },
};
