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
import { type Kernels, vector, wordsVector } from "../kernels/index.ts";
import { BINS, descend, INFINITY_BITS, MAGNITUDE, nthMagnitude, type Place } from "./magnitudes.ts";
import type { Kept } from "./sparsity.ts";

/** Shorter vectors take the last one's threshold, a little lowered, as their floor. */
const MIN_SAMPLED_LENGTH = 2 ** 16;
const SAMPLES = 2 ** 14;
/** Magnitude bits of a factor of about 1.1. */
const EIGHTH_OCTAVE = 2 ** 20;

export class LargestEntries {
  readonly #k: number;
  readonly #using: Kernels;
  /** Where the entries lie that reach the floor, and these entries. */
  readonly #list: Uint32Array;
  readonly #listed: Float32Array;
  readonly #kept: Uint32Array;
  readonly #keptValues: Float32Array;
  /** Where the sample lies. */
  readonly #sampled: Uint32Array;
  readonly #sample: Float32Array;
  readonly #sampleOfError: Float32Array;
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
    this.#listed = vector(room);
    this.#kept = wordsVector(k + 1);
    this.#keptValues = vector(k + 1);
    const samples = length < MIN_SAMPLED_LENGTH ? 0 : SAMPLES;
    const stride = ((length / SAMPLES - 1) | 1) >>> 0; // odd, so that it falls on all columns of a matrix
    this.#sampled = wordsVector(samples);
    for (let j = 0; j < samples; j++) this.#sampled[j] = j * stride;
    this.#sample = vector(samples);
    this.#sampleOfError = vector(samples);
  }

  /**
   * The k largest entries of x, without zeros; ties go to the lower index. Valid until the next call. Undefined if an entry
   * is not finite.
   */
  of(x: Float32Array): Kept | undefined {
    const floor = this.#guess(x);
    return this.#among(x, this.#using.selectFrom(x, floor, this.#list, this.#listed), floor);
  }

  /** p_i = fround(x_i + e_i), and the largest entries of p, in one pass over the vectors where the sample serves. */
  ofSum(x: Float32Array, e: Float32Array, p: Float32Array): Kept | undefined {
    const floor = this.#guess(x, e);
    return this.#among(p, this.#using.addSelect(x, e, p, floor, this.#list, this.#listed), floor);
  }

  /** Magnitude bits that somewhat more than k entries of x (+ e) reach, most likely. */
  #guess(x: Float32Array, e?: Float32Array): number {
    const sample = this.#sample;
    if (sample.length === 0) return this.#last;
    this.#using.gather(x, this.#sampled, sample);
    if (e !== undefined) {
      this.#using.gather(e, this.#sampled, this.#sampleOfError);
      this.#using.add(sample, this.#sampleOfError, sample);
    }
    // Of the sample, k' ± √k' entries lie among the k largest.
    const share = (this.#k / x.length) * SAMPLES;
    const least = nthMagnitude(bitsOf(sample), Math.ceil(share + 4 * Math.sqrt(share) + 2), this.#counts);
    return least === undefined ? INFINITY_BITS : Math.max(1, least.digit);
  }

  /** @param found entries of x that reach the floor; the list holds them unless it is full */
  #among(x: Float32Array, found: number, floor: number): Kept | undefined {
    const whole = found < this.#list.length;
    if (whole && (found >= this.#k || floor === 1)) return this.#largestOf(this.#listed.subarray(0, found), this.#list);
    this.#using.histogram(x, this.#counts);
    const bin = descend(this.#counts, this.#k).digit;
    // From 1 up: zeros are never listed. And a vector with more other entries than a list holds has a threshold above 0.
    const again = this.#using.selectFrom(x, Math.max(1, bin * 2 ** 20), this.#list, this.#listed);
    if (again < this.#list.length) return this.#largestOf(this.#listed.subarray(0, again), this.#list);
    return this.#largestOf(x, undefined);
  }

  /** @param x the entries that come into question @param list their positions; undefined where they are all */
  #largestOf(x: Float32Array, list: Uint32Array | undefined): Kept | undefined {
    const bits = bitsOf(x);
    const threshold = nthMagnitude(bits, this.#k, this.#counts);
    if (threshold === undefined) return undefined;
    this.#last = Math.max(1, threshold.digit - EIGHTH_OCTAVE);
    return this.#keep(bits, list, threshold);
  }

  /** Everything above the threshold and the first entries at it. */
  #keep(bits: Uint32Array, list: Uint32Array | undefined, { digit, rank }: Place): Kept {
    const kept = this.#kept;
    const keptBits = bitsOf(this.#keptValues);
    let count = 0;
    let tiesLeft = rank;
    for (let j = 0; j < bits.length; j++) {
      const magnitude = bits[j]! & MAGNITUDE;
      if (magnitude === digit && tiesLeft-- <= 0) continue;
      kept[count] = list === undefined ? j : list[j]!; // overwritten unless counted: no branch to mispredict
      keptBits[count] = bits[j]!;
      count += Number(magnitude >= digit);
    }
    return { positions: kept.subarray(0, count), values: this.#keptValues.subarray(0, count) };
  }
}

const bitsOf = (x: Float32Array): Uint32Array => new Uint32Array(x.buffer, x.byteOffset, x.length);
