/**
 * Induced compressor: an unbiased one from a biased one, without memory.
 *
 *     C(x) = C₁(x) + Q(x − C₁(x)),  C₁ contractive (δ), Q unbiased (ω) and independent of C₁
 *
 * Unbiased with ω(1 − δ): less than Q alone, for the bytes of both. After a sparsifier such as top-k, Q sees only the
 * d − k entries that are not kept: ω is that of d − k entries (of d where k varies), and messages are those of
 * `complement.ts`.
 *
 * Other messages: varint n, the n bytes of C₁'s message, Q's message of fround(x − C₁(x)); the parts are added as f32. C₁
 * draws from the message's randomness, Q from that split by "then".
 * @see Horváth & Richtárik 2020, "A Better Alternative to Error Feedback", arXiv:2006.11077
 */
import { ConfigError, CorruptError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { asValue, checkArguments } from "../base/spec.ts";
import { type Bytes, bytes } from "../base/units.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { MAX_VARINT_BYTES } from "../coding/limits.ts";
import { type Kernels, kernels, vector } from "../kernels/index.ts";
import { ComplementCodec } from "./complement.ts";
import { type Codec, type Compressor, unbiased } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { nonFiniteInput } from "./non-finite.ts";

/** @throws {ConfigError} naming `where`, unless the first is contractive and the second unbiased or exact */
export function induced(biased: Compressor, rest: Compressor, where: string, using: Kernels = kernels): Compressor {
  const name = `induced:${asValue(biased.name)},${asValue(rest.name)}`;
  const { law: first } = biased;
  const { law: then } = rest;
  if (first.kind !== "contractive") {
    throw new ConfigError(where, { expected: "a contractive compressor first, such as top-k:0.01", got: name });
  }
  if (then.kind !== "unbiased" && then.kind !== "exact") {
    throw new ConfigError(where, { expected: "an unbiased compressor for the rest, such as natural", got: name });
  }
  const { sparsity } = biased;
  /** Entries that Q sees at most: a sparsifier that may keep all of d may also keep next to none. */
  function left(length: number): number {
    const kept = sparsity?.kept(length) ?? 0;
    return kept === length ? length : length - kept;
  }
  const omega = (length: number) => (then.kind === "exact" ? 0 : then.omega(length));
  return {
    name,
    law: unbiased((length) => omega(left(length)) * (1 - first.delta(length))),
    open(length, layout) {
      if (length === 0) return biased.open(0);
      if (sparsity !== undefined) {
        return new ComplementCodec(sparsity.open(length), sparsity.kept(length), rest, length);
      }
      return new InducedCodec(name, biased.open(length, layout), rest.open(length, layout), length, using);
    },
  };
}

class InducedCodec implements Codec {
  readonly maxBytes: Bytes;
  readonly #name: string;
  readonly #biased: Codec;
  readonly #rest: Codec;
  readonly #using: Kernels;
  readonly #sum: Float32Array;
  /** Made by the first encode: a receiver never needs it. */
  #sending: { readonly first: ByteSink; readonly residual: Float32Array } | undefined;

  constructor(name: string, biased: Codec, rest: Codec, length: number, using: Kernels) {
    this.maxBytes = bytes(MAX_VARINT_BYTES + biased.maxBytes + rest.maxBytes);
    this.#name = name;
    this.#biased = biased;
    this.#rest = rest;
    this.#using = using;
    this.#sum = vector(length);
  }

  encode(x: Float32Array, into: ByteSink, rng: Random): void {
    this.#sending ??= { first: new ByteSink(this.#biased.maxBytes), residual: vector(x.length) };
    const { first, residual } = this.#sending;
    this.#biased.encode(x, first.reset(), rng);
    this.#biased.decode(new ByteSource(first.written), residual, rng);
    this.#using.subtract(x, residual, residual);

    const start = into.length;
    into.varint(first.length).bytes(first.written);
    try {
      this.#rest.encode(residual, into, rng.split("then"));
      this.#decoded(new ByteSource(into.written.subarray(start)), rng); // near the largest f32 the sum may overflow
    } catch (error) {
      into.rewind(start);
      throw error instanceof CorruptError ? nonFiniteInput(this.#name) : error;
    }
  }

  decode(from: ByteSource, out: Float32Array, rng: Random): void {
    out.set(this.#decoded(from, rng));
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number, rng: Random): void {
    this.#using.axpy(weight, this.#decoded(from, rng), out);
  }

  #decoded(from: ByteSource, rng: Random): Float32Array {
    const sum = this.#sum;
    this.#biased.decode(from.part(from.varint()), sum, rng);
    this.#rest.decodeAdd(from, sum, 1, rng.split("then"));
    if (!this.#using.allFinite(sum)) throw from.corrupt("parts whose sum is finite");
    return sum;
  }
}

export const inducedEntry: CompressorEntry = {
  name: "induced",
  summary: "a biased compressor, and an unbiased one for what it leaves: unbiased without memory",
  paper: "arXiv:2006.11077",
  law: "unbiased, ω = ω₂(1 − δ₁), ω₂ of the d − k other entries after a sparsifier",
  bits: "those of both, and 8 to 40 for a length",
  options: [
    { name: "biased", meaning: "a contractive compressor, by default top-k:0.01" },
    { name: "rest", meaning: "an unbiased one, by default natural; a spec with , = or + stands in parentheses" },
  ],
  examples: ["induced:top-k:0.01,natural", "induced:top-k:0.1,rand-k:0.1", "induced:sign,natural"],
  parse(spec, where, using, part) {
    checkArguments(spec, where, 2);
    const [biased = "top-k:0.01", rest = "natural"] = spec.values;
    return induced(part(biased), part(rest), where, using);
  },
};
