/**
 * Multi-step compression (NEOLITHIC's MSC): R messages in one, each of what those before it left.
 *
 *     a_0 = 0;  c_r = C(x − a_r);  a_{r+1} = a_r + s c_r;  MSC(x) = a_R/(1 − ρ^R)
 *
 *     contractive C:  s = 1, ρ = 0:                      contractive, 1 − δ_R = (1 − δ)^R; top-k is exact at R = ⌈d/k⌉
 *     unbiased C:     s = 1/(1 + ω), ρ = ω/(1 + ω):      unbiased, ω_R = ρ^R/(1 − ρ^R)
 *
 * A compressor, to be put under error feedback at both ends: `errorFeedback(multiStep(C, R))` is NEOLITHIC's channel, and
 * R = 1 is DoubleSqueeze. The R messages need no answer in between, so they travel as one.
 *
 * Messages: for each step a varint n and the n bytes of C's message. A message that ends after r < R steps decodes as
 * that of MSC with r steps. Step r draws from the message's randomness split by `step/r`.
 * @see Huang, Chen, Yin & Yuan 2022, "Lower Bounds and Nearly Optimal Algorithms in Distributed Learning with
 *   Communication Compression", arXiv:2206.03665
 */
import { ConfigError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { asValue, checkArguments, parseNumber } from "../base/spec.ts";
import { type Bytes, bytes } from "../base/units.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { MAX_VARINT_BYTES } from "../coding/limits.ts";
import {
  type Codec,
  type Compressor,
  contractive,
  type Law,
  type Residual,
  unbiased,
} from "../compressors/compressor.ts";
import { plain } from "../compressors/feedback.ts";
import { nonFiniteInput } from "../compressors/non-finite.ts";
import { kernels, vector } from "../kernels/index.ts";
import type { ChannelEntry } from "./entry.ts";
import { errorFeedback } from "./error-feedback.ts";

/** @param steps R ≥ 1 @throws {ConfigError} */
export function multiStep(compressor: Compressor, steps: number): Compressor {
  const name = `multi-step:${steps},${asValue(compressor.name)}`;
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new ConfigError(name, { expected: "a positive whole number of steps", got: steps });
  }
  const { law } = compressor;
  return {
    name,
    law: lawOfSteps(law, steps),
    open(length, layout) {
      const codec = compressor.open(length, layout);
      if (length === 0) return codec;
      return new MultiStepCodec(name, codec, { steps, length, omega: law.kind === "unbiased" ? law.omega(length) : 0 });
    },
  };
}

function lawOfSteps(law: Law, steps: number): Law {
  if (law.kind === "contractive") return contractive((length) => 1 - (1 - law.delta(length)) ** steps);
  if (law.kind !== "unbiased") return law;
  return unbiased((length) => {
    const left = (law.omega(length) / (1 + law.omega(length))) ** steps;
    return left / (1 - left);
  });
}

class MultiStepCodec implements Codec {
  readonly maxBytes: Bytes;
  readonly #name: string;
  readonly #codec: Codec;
  readonly #steps: number;
  /** s */
  readonly #share: number;
  /** ρ */
  readonly #left: number;
  /** a */
  readonly #sum: Float32Array;
  /** Made by the first encode: a receiver never needs it. */
  #sending: { readonly part: ByteSink; readonly rest: Float32Array } | undefined;

  constructor(
    name: string,
    codec: Codec,
    { steps, length, omega }: { readonly steps: number; readonly length: number; readonly omega: number },
  ) {
    this.maxBytes = bytes(steps * (MAX_VARINT_BYTES + codec.maxBytes));
    this.#name = name;
    this.#codec = codec;
    this.#steps = steps;
    this.#share = 1 / (1 + omega);
    this.#left = omega / (1 + omega);
    this.#sum = vector(length);
  }

  encode(x: Float32Array, into: ByteSink, rng: Random): void {
    this.#sending ??= { part: new ByteSink(this.#codec.maxBytes), rest: vector(x.length) };
    const { part, rest } = this.#sending;
    const start = into.length;
    this.#sum.fill(0);
    try {
      for (let step = 0; step < this.#steps; step++) {
        kernels.subtract(x, this.#sum, rest);
        this.#codec.encode(rest, part.reset(), keyOf(rng, step));
        into.varint(part.length).bytes(part.written);
        this.#add(new ByteSource(part.written), step, rng);
      }
      if (!this.#finish(this.#steps)) throw nonFiniteInput(this.#name); // near the largest f32 the sum may overflow
    } catch (error) {
      into.rewind(start);
      throw error;
    }
  }

  encodeWithFeedback(x: Float32Array, { settled, tentative }: Residual, into: ByteSink, rng: Random): void {
    const p = tentative.values;
    kernels.add(x, plain(settled), p);
    this.encode(p, into, rng);
    kernels.subtract(p, this.#sum, p); // the sum is what will be decoded
    tentative.scale = 0;
  }

  decode(from: ByteSource, out: Float32Array, rng: Random): void {
    out.set(this.#decoded(from, rng));
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number, rng: Random): void {
    kernels.axpy(weight, this.#decoded(from, rng), out);
  }

  #decoded(from: ByteSource, rng: Random): Float32Array {
    this.#sum.fill(0);
    let step = 0;
    do {
      if (step === this.#steps) throw from.corrupt(`at most ${this.#steps} steps`);
      this.#add(from.part(from.varint()), step, rng);
      step += 1;
    } while (from.remaining > 0);
    if (!this.#finish(step)) throw from.corrupt("steps whose sum is finite");
    return this.#sum;
  }

  #add(from: ByteSource, step: number, rng: Random): void {
    this.#codec.decodeAdd(from, this.#sum, this.#share, keyOf(rng, step));
  }

  /** a/(1 − ρ^r) after r steps; false if it is not finite. */
  #finish(steps: number): boolean {
    if (this.#left > 0) kernels.scale(1 / (1 - this.#left ** steps), this.#sum);
    return kernels.allFinite(this.#sum);
  }
}

const keyOf = (rng: Random, step: number): Random => rng.split(`step/${step}`);

export const multiStepEntry: ChannelEntry = {
  name: "multi-step",
  summary: "error feedback around several compressions of what is left, in one message",
  paper: "arXiv:2206.03665",
  law: "that of error-feedback with 1 − δ_R = (1 − δ)^R, or ω_R = ρ^R/(1 − ρ^R), ρ = ω/(1 + ω)",
  memory: { sender: 4, receiver: 1 },
  options: [{ name: "steps", meaning: "R, a whole number, 4 by default" }],
  parse(spec, compressor, where) {
    checkArguments(spec, where, 0, ["steps"]);
    const steps = parseNumber(spec.options.get("steps") ?? "4", `${where}: steps`, { min: 1, integer: true });
    return errorFeedback(multiStep(compressor, steps));
  },
};
