/**
 * Does a compressor keep its law on a given vector? This measures, it does not prove.
 */
import type { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import type { Codec, Law } from "./compressor.ts";

export interface Measured {
  /** Mean of ‖C(x) − x‖² over the draws. */
  readonly error: number;
  /** ‖mean of C(x) − x‖² over the draws. */
  readonly bias: number;
  /** ‖x‖² */
  readonly energy: number;
}

/** Sends x through the codec `draws` times, each under randomness of its own. */
export function measure(codec: Codec, x: Float32Array, rng: Random, draws: number): Measured {
  const sink = new ByteSink(codec.maxBytes);
  const out = new Float32Array(x.length);
  const deviation = new Float64Array(x.length);
  let error = 0;
  for (let draw = 0; draw < draws; draw++) {
    const key = rng.split(`draw/${draw}`);
    codec.encode(x, sink.reset(), key);
    codec.decode(new ByteSource(sink.written), out, key);
    for (let i = 0; i < x.length; i++) {
      const difference = out[i]! - x[i]!;
      deviation[i]! += difference / draws;
      error += difference ** 2 / draws;
    }
  }
  return { error, bias: squares(deviation), energy: squares(x) };
}

/**
 * What is wrong with the measurement under the law; undefined if nothing. Rounding to f32 and an error of `floor` an
 * entry, by default the smallest subnormal, are allowed for, and the spread of a mean of random draws within five standard
 * deviations.
 */
export function broken(
  law: Law,
  { error, bias, energy }: Measured,
  length: number,
  draws: number,
  floor: number = 2 ** -149,
): string | undefined {
  const rounding = 1e-6 * energy + length * floor ** 2;
  const exceeds = (what: string, value: number, bound: number) =>
    value > bound + rounding ? `${what} is ${value}, above ${bound}, for ‖x‖² = ${energy}` : undefined;
  const spread = draws === 1 ? 1 : 1 + 5 / Math.sqrt(draws);
  switch (law.kind) {
    case "exact":
      return error === 0 ? undefined : `‖C(x) − x‖² is ${error}, not 0`;
    case "contractive":
      return exceeds("E‖C(x) − x‖²", error, (1 - law.delta(length)) * energy * spread);
    case "unbiased": {
      const variance = law.omega(length) * energy;
      return (
        exceeds("E‖C(x) − x‖²", error, variance * spread) ??
        exceeds("‖E C(x) − x‖²", bias, (variance / draws) * (1 + 5 / Math.sqrt(draws)) ** 2 * 4)
      );
    }
    case "none":
      return undefined;
  }
}

const squares = (x: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! ** 2;
  return sum;
};
