/**
 * The k entries of largest magnitude, exactly, in time O(d) for any input.
 *
 * A sample of the vector gives a floor that a little more than k entries reach; one pass lists them, and counts of 11, 10
 * and 10 bits over the list find the k-th largest magnitude. Magnitudes of finite f32 sort as their bits do.
 *
 * A floor that misses costs time and changes nothing: when fewer than k entries reach it, or more than the list holds, a
 * histogram of the whole vector gives the floor; and when too many entries share its bin for a list (a constant vector),
 * the counts run over the whole vector.
 */
import { type Kernels, wordsVector } from "../kernels/index.ts";
import { BINS, descend, INFINITY_BITS, MAGNITUDE, nthMagnitude, type Place } from "./magnitudes.ts";

/** Shorter vectors take the last one's threshold, a little lowered, as their floor. */
const MIN_SAMPLED_LENGTH = 2 ** 16;
const SAMPLES = 2 ** 14;
/** Magnitude bits of a factor of about 1.1. */
const EIGHTH_OCTAVE = 2 ** 20;

export class LargestEntries {
  readonly #k: number;
  readonly #using: Kernels;
  readonly #list: Uint32Array;
  /** Bits of the listed entries, side by side: reading them from the vector again would miss the cache each time. */
  readonly #listedBits: Uint32Array;
  readonly #kept: Uint32Array;
  readonly #sample: Uint32Array;
  readonly #counts: Uint32Array = new Uint32Array(BINS);
  /** A floor for the next short vector. */
  #last = INFINITY_BITS;

  constructor(k: number, length: number, using: Kernels) {
    this.#k = k;
    this.#using = using;
    // A list that is not full is whole. Under error feedback the entries still unsent crowd just below the threshold:
    // if they lie evenly up to it, a ninth of all share its bin.
    const room = Math.min(length + 1, 2 * k + (length >>> 3) + 1024);
    this.#list = wordsVector(room);
    this.#listedBits = new Uint32Array(room);
    this.#kept = new Uint32Array(k + 1);
    this.#sample = new Uint32Array(length < MIN_SAMPLED_LENGTH ? 0 : SAMPLES);
  }

  /**
   * Ascending positions of the k largest entries of x, without zeros; ties go to the lower index. Valid until the next
   * call. Undefined if an entry is not finite.
   */
  of(x: Float32Array): Uint32Array | undefined {
    const floor = this.#guess(x);
    return this.#among(x, this.#using.selectFrom(x, floor, this.#list), floor);
  }

  /** p_i = fround(x_i + e_i), and the largest entries of p, in one pass over the vectors where the sample serves. */
  ofSum(x: Float32Array, e: Float32Array, p: Float32Array): Uint32Array | undefined {
    const floor = this.#guess(x, e);
    return this.#among(p, this.#using.addSelect(x, e, p, floor, this.#list), floor);
  }

  /** Magnitude bits that somewhat more than k entries of x (+ e) reach, most likely. */
  #guess(x: Float32Array, e?: Float32Array): number {
    const sample = this.#sample;
    if (sample.length === 0) return this.#last;
    // Odd, so that it falls on all columns of a matrix.
    const stride = ((x.length / SAMPLES - 1) | 1) >>> 0;
    const values = new Float32Array(sample.buffer);
    if (e === undefined) for (let j = 0; j < SAMPLES; j++) values[j] = x[j * stride]!;
    else for (let j = 0; j < SAMPLES; j++) values[j] = x[j * stride]! + e[j * stride]!;
    // Of the sample, k' ± √k' entries lie among the k largest.
    const share = (this.#k / x.length) * SAMPLES;
    const least = nthMagnitude(sample, Math.ceil(share + 4 * Math.sqrt(share) + 2));
    return least === undefined ? INFINITY_BITS : Math.max(1, least.digit);
  }

  /** @param found entries of x that reach the floor; the list holds them unless it is full */
  #among(x: Float32Array, found: number, floor: number): Uint32Array | undefined {
    const whole = found < this.#list.length;
    if (whole && (found >= this.#k || floor === 1)) return this.#largestOf(x, this.#list.subarray(0, found));
    this.#using.histogram(x, this.#counts);
    const bin = descend(this.#counts, this.#k).digit;
    // From 1 up: zeros are never listed. And a vector with more other entries than a list holds has a threshold above 0.
    const again = this.#using.selectFrom(x, Math.max(1, bin * 2 ** 20), this.#list);
    return this.#largestOf(x, again < this.#list.length ? this.#list.subarray(0, again) : undefined);
  }

  /** @param list the positions that come into question; undefined where all do */
  #largestOf(x: Float32Array, list: Uint32Array | undefined): Uint32Array | undefined {
    const all = new Uint32Array(x.buffer, x.byteOffset, x.length);
    const bits = list === undefined ? all : this.#gather(all, list);
    const threshold = nthMagnitude(bits, this.#k);
    if (threshold === undefined) return undefined;
    this.#last = Math.max(1, threshold.digit - EIGHTH_OCTAVE);
    return this.#keep(bits, list, threshold);
  }

  #gather(all: Uint32Array, list: Uint32Array): Uint32Array {
    const bits = this.#listedBits.subarray(0, list.length);
    for (let j = 0; j < list.length; j++) bits[j] = all[list[j]!]!;
    return bits;
  }

  /** Positions of everything above the threshold and of the first entries at it. */
  #keep(bits: Uint32Array, list: Uint32Array | undefined, threshold: Place): Uint32Array {
    const kept = this.#kept;
    let count = 0;
    let tiesLeft = threshold.rank;
    for (let j = 0; j < bits.length; j++) {
      const magnitude = bits[j]! & MAGNITUDE;
      if (magnitude === threshold.digit && tiesLeft-- <= 0) continue;
      kept[count] = list === undefined ? j : list[j]!; // overwritten unless counted: no branch to mispredict
      count += Number(magnitude >= threshold.digit);
    }
    return kept.subarray(0, count);
  }
}
