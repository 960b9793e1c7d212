/**
 * Compositions `a+b`: first a, then b on what a leaves. Both ends compute the constants from d alone.
 *
 * Values of b after a sparsifier a: b compresses the k values that a keeps, as a vector of length k. The message is
 * a's positions (nothing where both ends draw them), then b's message of the values.
 *
 *     a, b contractive            δ = δ_a(d) δ_b(k)
 *     a contractive, b unbiased   δ = δ_a(d)/(1 + ω_b(k)); the decoded values are scaled by fround(1/(1 + ω_b(k)))
 *     a, b unbiased               ω = ω_a + ω_b + ω_a ω_b, at d and k
 *
 * b after a rounding a, both unbiased: b compresses the decoded a(x), and only b's message travels. ω as above, at d.
 *
 * b draws from the message's randomness split by "then", a from the message's own, so they are independent.
 * `a+b+c` is a followed by (b followed by c).
 * @see Basu, Data, Karakus & Diggavi 2019, "Qsparse-local-SGD", arXiv:1906.02367
 * @see Beznosikov, Horváth, Richtárik & Safaryan 2020, arXiv:2002.12410
 */
import { ConfigError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { bytes } from "../base/units.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { kernels, vector } from "../kernels/index.ts";
import {
  type Codec,
  type Compressor,
  contractive,
  type Law,
  lawless,
  type Residual,
  type Unbiased,
  unbiased,
} from "./compressor.ts";
import { plain } from "./feedback.ts";
import type { Kept, Sparsifier, Sparsity } from "./sparsity.ts";

const { fround } = Math;

/** b after a. @throws {ConfigError} naming `where`, for a pair that makes no sense */
export function composed(a: Compressor, b: Compressor, where: string): Compressor {
  const name = `${a.name}+${b.name}`;
  if (a.sparsity !== undefined) return valuesAfter(a, a.sparsity, b, name, where);
  if (a.law.kind === "unbiased" && b.law.kind === "unbiased") return afterRounding(a, a.law, b, b.law, name);
  throw new ConfigError(where, {
    expected: "a compressor that keeps some entries, such as top-k:0.01, before the +",
    got: name,
    hint:
      b.sparsity === undefined ? "Two unbiased compressors may also follow each other." : `Try ${b.name}+${a.name}.`,
  });
}

function valuesAfter(a: Compressor, sparsity: Sparsity, b: Compressor, name: string, where: string): Compressor {
  const kept = (length: number) => sparsity.kept(length);
  const { law: first } = a;
  const { law: then } = b;
  const scaled = first.kind === "contractive" && then.kind === "unbiased";
  return {
    name,
    law: lawOfValues(first, then, kept, name, where),
    open(length) {
      if (length === 0) return a.open(0);
      const scale = scaled ? fround(1 / (1 + then.omega(kept(length)))) : 1;
      return new ValuesCodec(sparsity.open(length), b, kept(length), scale);
    },
  };
}

function lawOfValues(a: Law, b: Law, kept: (length: number) => number, name: string, where: string): Law {
  if (b.kind === "exact") return a;
  if (a.kind === "none" || b.kind === "none") return lawless;
  if (a.kind === "contractive" && b.kind === "contractive") {
    return contractive((length) => a.delta(length) * b.delta(kept(length)));
  }
  if (a.kind === "contractive" && b.kind === "unbiased") {
    return contractive((length) => a.delta(length) / (1 + b.omega(kept(length))));
  }
  if (a.kind === "unbiased" && b.kind === "unbiased") return product(a, b, kept);
  throw new ConfigError(where, {
    expected: "an unbiased compressor after an unbiased one",
    got: name,
    hint: "A biased compressor goes with a sparsifier that does not scale what it keeps, such as top-k.",
  });
}

/** Independent unbiased compressors, b on vectors of length `lengthOf(d)`. */
const product = (a: Unbiased, b: Unbiased, lengthOf: (length: number) => number): Law =>
  unbiased((length) => (1 + a.omega(length)) * (1 + b.omega(lengthOf(length))) - 1);

class ValuesCodec implements Codec {
  readonly maxBytes: Codec["maxBytes"];
  readonly #sparsifier: Sparsifier;
  readonly #compressor: Compressor;
  readonly #scale: number;
  readonly #values: Float32Array;
  /** For the count of the last message: it seldom changes. */
  #codec: Codec;
  #count: number;

  constructor(sparsifier: Sparsifier, compressor: Compressor, most: number, scale: number) {
    this.#sparsifier = sparsifier;
    this.#compressor = compressor;
    this.#scale = scale;
    this.#values = vector(most);
    this.#codec = compressor.open(most);
    this.#count = most;
    this.maxBytes = bytes(sparsifier.maxBytes + this.#codec.maxBytes);
  }

  encode(x: Float32Array, into: ByteSink, rng: Random): void {
    const start = into.length;
    this.#encodeValues(this.#sparsifier.select(x, into, rng).values, into, start, rng);
  }

  encodeWithFeedback(x: Float32Array, { settled, tentative }: Residual, into: ByteSink, rng: Random): void {
    const start = into.length;
    const p = tentative.values;
    const { positions, values } = this.#sparsifier.selectSum(x, plain(settled), p, into, rng);
    const message = into.length;
    this.#encodeValues(values, into, start, rng);
    const sent = this.#decodeValues(new ByteSource(into.written.subarray(message)), positions.length, rng);
    kernels.scatterAdd(-1, sent, positions, p);
    tentative.scale = 0;
  }

  #encodeValues(values: Float32Array, into: ByteSink, start: number, rng: Random): void {
    try {
      this.#codecFor(values.length).encode(values, into, rng.split("then"));
    } catch (error) {
      into.rewind(start); // a norm of finite values may overflow
      throw error;
    }
  }

  decode(from: ByteSource, out: Float32Array, rng: Random): void {
    const { positions, values } = this.#read(from, rng);
    kernels.scatter(values, positions, out);
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number, rng: Random): void {
    const { positions, values } = this.#read(from, rng);
    kernels.scatterAdd(weight, values, positions, out);
  }

  #read(from: ByteSource, rng: Random): Kept {
    const positions = this.#sparsifier.positions(from, rng);
    return { positions, values: this.#decodeValues(from, positions.length, rng) };
  }

  #decodeValues(from: ByteSource, count: number, rng: Random): Float32Array {
    const values = this.#values.subarray(0, count);
    this.#codecFor(count).decode(from, values, rng.split("then"));
    for (let j = 0; j < count; j++) values[j] = values[j]! * this.#scale + 0; // + 0 turns −0 into +0
    return values;
  }

  #codecFor(count: number): Codec {
    if (count !== this.#count) {
      this.#codec = this.#compressor.open(count);
      this.#count = count;
    }
    return this.#codec;
  }
}

function afterRounding(a: Compressor, first: Unbiased, b: Compressor, then: Unbiased, name: string): Compressor {
  return {
    name,
    law: product(first, then, (length) => length),
    ...(b.sections === undefined ? {} : { sections: b.sections }),
    open(length, layout) {
      const inner = a.open(length, layout);
      const outer = b.open(length, layout);
      let rounding: { sink: ByteSink; rounded: Float32Array } | undefined; // a receiver never needs it
      return {
        maxBytes: outer.maxBytes,
        encode(x, into, rng) {
          rounding ??= { sink: new ByteSink(inner.maxBytes), rounded: vector(length) };
          const { sink, rounded } = rounding;
          inner.encode(x, sink.reset(), rng);
          inner.decode(new ByteSource(sink.written), rounded, rng);
          outer.encode(rounded, into, rng.split("then"));
        },
        decode: (from, out, rng) => outer.decode(from, out, rng.split("then")),
        decodeAdd: (from, out, weight, rng) => outer.decodeAdd(from, out, weight, rng.split("then")),
      };
    },
  };
}
