/**
 * Threshold sparsification: send the entries of magnitude at least τ exactly, drop the rest.
 *
 * Fixed (`tau=0.1`): ‖C(x) − x‖² ≤ min(‖x‖², d τ²); no contraction, for all of a small x may lie below τ.
 *
 * Sampled (`fraction=0.01`): τ is estimated for each vector, without sorting it. Of a sample of s = max(1000, d/100)
 * entries, or all d, τ is the magnitude of rank max(1, round(ρ s)). While more than 1.3 ρ d entries reach it, it is
 * multiplied by 1.3, and while fewer than 0.7 ρ d do, by 0.7; at most ten times. If none reach it, τ is the largest
 * magnitude: so the largest entry is always sent, and δ ≥ 1/d. Entry i of the sample lies at ⌊(i + u_i) d/s⌋ with u_i
 * uniform, from the message's randomness. Biased: run it under error feedback.
 *
 * Messages: positions (`coding/positions.ts`), then one f32 a position. Zeros are never sent.
 * @see Aji & Heafield 2017, "Sparse Communication for Distributed Gradient Descent", arXiv:1704.05021
 * @see Lin, Han, Mao, Wang & Dally 2017, "Deep Gradient Compression", arXiv:1712.01887
 */
import { ConfigError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import type { Bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { type Kernels, kernels, vector, wordsVector } from "../kernels/index.ts";
import { type Compressor, contractive, lawless } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { BINS, bitsOfLeast, nthMagnitude } from "./magnitudes.ts";
import { nonFiniteInput } from "./non-finite.ts";
import { type FusedSparsifier, SentPositions, sparse } from "./sparse.ts";
import type { Kept } from "./sparsity.ts";

const { fround } = Math;

const SMALLEST = 2 ** -149;
const MAX_CORRECTIONS = 10;

/** @param tau above 0 @throws {ConfigError} */
export function threshold(tau: number, using: Kernels = kernels): Compressor {
  if (!(tau > 0 && tau < Number.POSITIVE_INFINITY)) {
    throw new ConfigError("threshold", { expected: "a finite tau above 0", got: tau });
  }
  const name = `threshold:tau=${tau}`;
  const floor = bitsOfLeast(tau);
  const open = (length: number) => new FixedThreshold(name, floor, length, using);
  return sparse(name, lawless, { kept: (length) => length, open }, using);
}

/** @param fraction of d, above 0 and at most 1 @throws {ConfigError} */
export function sampledThreshold(fraction: number, using: Kernels = kernels): Compressor {
  if (!(fraction > 0 && fraction <= 1)) {
    throw new ConfigError("threshold", { expected: "a fraction of d above 0 and at most 1", got: fraction });
  }
  const name = `threshold:fraction=${fraction}`;
  const law = contractive((length) => 1 / Math.max(1, length));
  const open = (length: number) => new SampledThreshold(name, fraction, length, using);
  return sparse(name, law, { kept: (length) => length, open }, using);
}

class FixedThreshold implements FusedSparsifier {
  readonly maxBytes: Bytes;
  readonly most: number;
  readonly keepsZeros = false;
  protected readonly using: Kernels;
  /** Positions of the entries that reach the threshold, and these entries: there is room for all. */
  protected readonly list: Uint32Array;
  protected readonly listed: Float32Array;
  readonly #name: string;
  readonly #floor: number;
  readonly #sent: SentPositions;

  constructor(name: string, floor: number, length: number, using: Kernels) {
    this.most = length;
    this.using = using;
    this.list = wordsVector(length);
    this.listed = vector(length);
    this.#name = name;
    this.#floor = floor;
    this.#sent = new SentPositions(length, length, using);
    this.maxBytes = this.#sent.maxBytes;
  }

  select(x: Float32Array, into: ByteSink, _rng: Random): Kept {
    return this.keep(this.using.selectFrom(x, this.#floor, this.list, this.listed), into);
  }

  selectSum(x: Float32Array, e: Float32Array, p: Float32Array, into: ByteSink, _rng: Random): Kept {
    return this.keep(this.using.addSelect(x, e, p, this.#floor, this.list, this.listed), into);
  }

  positions(from: ByteSource): Uint32Array {
    return this.#sent.read(from);
  }

  /** Sends the first `found` entries of the list. */
  protected keep(found: number, into: ByteSink): Kept {
    const positions = this.list.subarray(0, found);
    const values = this.listed.subarray(0, found);
    if (!this.using.allFinite(values)) throw nonFiniteInput(this.#name); // what is not finite reaches any threshold
    this.#sent.write(positions, into);
    return { positions, values };
  }
}

class SampledThreshold extends FixedThreshold {
  readonly #fraction: number;
  readonly #sample: Float32Array;
  /** Draws, and then where the sample lies. */
  readonly #sampled: Uint32Array;
  readonly #counts: Uint32Array = new Uint32Array(BINS);

  constructor(name: string, fraction: number, length: number, using: Kernels) {
    super(name, 0, length, using);
    this.#fraction = fraction;
    const samples = Math.min(length, Math.max(1000, Math.ceil(length / 100)));
    this.#sample = vector(samples);
    this.#sampled = wordsVector(samples);
  }

  override select(x: Float32Array, into: ByteSink, rng: Random): Kept {
    return this.keep(this.#list(x, rng), into);
  }

  override selectSum(x: Float32Array, e: Float32Array, p: Float32Array, into: ByteSink, rng: Random): Kept {
    this.using.add(x, e, p);
    return this.select(p, into, rng);
  }

  /** Fills the list with what reaches the estimated threshold. */
  #list(x: Float32Array, rng: Random): number {
    const aim = this.#fraction * x.length;
    let tau = this.#estimate(x, rng);
    let found = this.#reach(x, tau);
    for (let i = 0; i < MAX_CORRECTIONS && (found > 1.3 * aim || found < 0.7 * aim); i++) {
      tau = Math.max(SMALLEST, fround(tau * (found > aim ? 1.3 : 0.7)));
      found = this.#reach(x, tau);
    }
    return found > 0 ? found : this.#reach(x, Math.max(SMALLEST, this.using.maxMagnitude(x)));
  }

  #reach(x: Float32Array, tau: number): number {
    return this.using.selectFrom(x, bitsOfLeast(tau), this.list, this.listed);
  }

  #estimate(x: Float32Array, rng: Random): number {
    const sample = this.#sample;
    const sampled = this.#sampled;
    const { length } = sample;
    this.using.draws(rng.k0, rng.k1, 0, sampled);
    for (let i = 0; i < length; i++) {
      const uniform = (sampled[i]! >>> 8) * 2 ** -24; // `uniform` of the randomness
      sampled[i] = Math.floor(((i + uniform) * x.length) / length);
    }
    this.using.gather(x, sampled, sample);
    const rank = Math.max(1, Math.round(this.#fraction * length));
    const least = nthMagnitude(new Uint32Array(sample.buffer, sample.byteOffset, length), rank, this.#counts);
    return Math.max(SMALLEST, least === undefined ? Number.POSITIVE_INFINITY : floatOf(least.digit));
  }
}

function floatOf(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  return view.getFloat32(0);
}

export const thresholdEntry: CompressorEntry = {
  name: "threshold",
  summary: "the entries above a threshold, fixed or estimated from a sample",
  paper: "arXiv:1712.01887",
  law: "tau=: ‖C(x) − x‖² ≤ min(‖x‖², d τ²); fraction=: contractive, δ ≥ 1/d (about ρ or more in practice)",
  bits: "32 k + about k·(log₂(d/k) + 1.5) for the k entries that reach it: 40 k at 1 %",
  options: [
    { name: "tau", meaning: "send entries of magnitude at least this" },
    { name: "fraction", meaning: "estimate the threshold that about this share of d reaches (0.01, the default)" },
  ],
  examples: ["threshold:fraction=0.01", "threshold:tau=1"],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, ["tau", "fraction"]);
    const tau = spec.options.get("tau");
    const fraction = spec.options.get("fraction");
    if (tau === undefined) return sampledThreshold(parseNumber(fraction ?? "0.01", where, { above: 0, max: 1 }), using);
    if (fraction !== undefined) throw new ConfigError(where, { expected: "tau or fraction, not both", got: spec.text });
    return threshold(parseNumber(tau, where, { above: 0 }), using);
  },
};
