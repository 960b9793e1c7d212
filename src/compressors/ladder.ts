/**
 * The levels of a norm: magnitudes 0 = v_0 < v_1 < … < v_s, to the two nearest of which an entry is rounded at random so
 * that its mean stays.
 */
import { froundUp } from "../base/fround-up.ts";
import { pow } from "../base/maths.ts";
import type { Random } from "../base/random.ts";
import type { Kernels } from "../kernels/index.ts";

const { fround } = Math;

/** Entry i lies in bucket b = ⌊i/bucket⌋, whose scale is scales_b. */
export interface Ladder {
  /** s */
  readonly levels: number;
  /** The f32 from which both ends know the magnitudes, for entries of at most `norm`. */
  scale(norm: number): number;
  /** v_s */
  top(scale: number): number;
  /** The signed level of each entry of x, of which the first is coordinate `first` of its vector. */
  round(x: Float32Array, scales: Float32Array, bucket: number, rng: Random, first: number, levels: Int16Array): void;
  /**
   * `round` to four bits a level, where the kernels can do it at once (`ditherNibbles`); with `feedback` each entry becomes
   * what its level lacks. The bucket is even, or the only one.
   */
  roundToNibbles?(
    x: Float32Array,
    scales: Float32Array,
    bucket: number,
    rng: Random,
    first: number,
    nibbles: Uint8Array,
    feedback: boolean,
  ): void;
  /** out_i = ±v of level i, +0 for level 0. */
  values(levels: Int16Array, scales: Float32Array, bucket: number, out: Float32Array): void;
  /** out_i = fround(out_i + fround(weight · ±v)). */
  add(weight: number, levels: Int16Array, scales: Float32Array, bucket: number, out: Float32Array): void;
}

/**
 * Equal steps: the scale is the step, norm/s rounded up to f32, and v_j = fround(j · step). So |x_i| is at most s steps.
 * The kernels' `dither` is the rounding: it says how near the mean comes to the entry.
 */
export const equalSteps = (levels: number, using: Kernels): Ladder => ({
  levels,
  scale: (norm) => froundUp(norm / levels),
  top: (step) => fround(levels * step),
  round: (x, steps, bucket, rng, first, out) => using.dither(x, steps, bucket, levels, rng, first, out),
  values: (all, steps, bucket, out) => using.scaleLevels(all, steps, bucket, out),
  add: (weight, all, steps, bucket, out) => using.addLevels(weight, all, steps, bucket, out),
  ...(levels === NIBBLE_LEVELS &&
    ({
      roundToNibbles(x, steps, bucket, rng, first, nibbles, feedback) {
        if (feedback) using.ditherNibblesFeedback(x, steps, bucket, rng, first, nibbles);
        else using.ditherNibbles(x, steps, bucket, rng, first, nibbles);
      },
    } satisfies Partial<Ladder>)),
});

/** The levels on each side of 0 that four bits hold. */
const NIBBLE_LEVELS = 7;

/**
 * Powers of a base b > 1: the scale is the norm, and v_j = fround(norm · fround(b^(j − s))). An entry from v_j to v_(j+1)
 * goes up if draw(i) < 2³² (|x_i| − v_j)/(v_(j+1) − v_j).
 */
export function powersOf(base: number, levels: number, using: Kernels): Ladder {
  const shares = Float32Array.from({ length: levels + 1 }, (_, j) => (j === 0 ? 0 : pow(base, j - levels)));
  const magnitudes = new Float32Array(levels + 1);
  const draws = new Uint32Array(DRAWN_AT_ONCE);

  function climb(norm: number): void {
    for (let j = 0; j <= levels; j++) magnitudes[j] = norm * shares[j]!;
  }

  /** ±v of every level, for each bucket in turn. */
  function each(all: Int16Array, norms: Float32Array, bucket: number, use: (i: number, value: number) => void): void {
    for (let b = 0; b < norms.length; b++) {
      climb(norms[b]!);
      const end = Math.min(all.length, (b + 1) * bucket);
      for (let i = b * bucket; i < end; i++) {
        const level = all[i]!;
        use(i, level < 0 ? 0 - magnitudes[-level]! : magnitudes[level]!); // 0 − 0 is +0
      }
    }
  }

  return {
    levels,
    scale: (norm) => norm,
    top: (norm) => norm,
    round(x, norms, bucket, rng, first, out) {
      for (let b = 0; b < norms.length; b++) {
        climb(norms[b]!);
        const end = Math.min(x.length, (b + 1) * bucket);
        for (let start = b * bucket; start < end; start += DRAWN_AT_ONCE) {
          const n = Math.min(DRAWN_AT_ONCE, end - start);
          using.draws(rng.k0, rng.k1, first + start, draws.subarray(0, n));
          for (let k = 0; k < n; k++) {
            const value = x[start + k]!;
            const level = rounded(Math.abs(value), magnitudes, draws[k]!);
            out[start + k] = value < 0 ? -level : level;
          }
        }
      }
    },
    values(all, norms, bucket, out) {
      each(all, norms, bucket, (i, value) => {
        out[i] = value;
      });
    },
    add(weight, all, norms, bucket, out) {
      const factor = fround(weight);
      each(all, norms, bucket, (i, value) => {
        out[i]! += fround(factor * value);
      });
    },
  };
}

const DRAWN_AT_ONCE = 1024;

/** The level of a magnitude that is at most the last of `magnitudes`. */
function rounded(value: number, magnitudes: Float32Array, draw: number): number {
  if (value === 0) return 0; // all magnitudes of a norm of 0 are 0
  let level = 0;
  while (level + 1 < magnitudes.length && magnitudes[level + 1]! <= value) level += 1;
  if (level + 1 === magnitudes.length) return level;
  const below = magnitudes[level]!;
  const goesUp = draw < 2 ** 32 * ((value - below) / (magnitudes[level + 1]! - below));
  return goesUp ? level + 1 : level;
}
