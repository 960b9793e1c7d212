/**
 * The k entries of largest magnitude, exactly, in time O(d) for any input.
 *
 * A histogram of the upper 11 magnitude bits (8 exponent, 3 mantissa) tells the bin of the k-th largest entry; a
 * second pass lists the entries from that bin up, a little more than k of them; two counts of 10 bits each over their
 * magnitudes find the k-th largest itself. When too many entries share the bin for a list (a constant vector), the
 * counts run over the whole vector instead. Magnitudes of finite f32 sort as their bits do.
 */
import { bytesVector, type Kernels } from "../kernels/index.ts";

const BINS = 2048;
const NON_FINITE_BIN = 0xff << 3;
const MAGNITUDE = 0x7fffffff;

export class LargestEntries {
  /** The histogram of the vector, filled by the caller: some kernels take it in a pass of their own. */
  readonly counts: Uint32Array = new Uint32Array(BINS);
  readonly #k: number;
  readonly #using: Kernels;
  readonly #digits: Uint32Array = new Uint32Array(1024);
  readonly #list: Uint32Array;
  /** Bits of the listed entries, side by side: reading them from the vector again would miss the cache each time. */
  readonly #listedBits: Uint32Array;
  readonly #kept: Uint32Array;

  constructor(k: number, length: number, using: Kernels) {
    this.#k = k;
    this.#using = using;
    // A list that is not full is whole. Under error feedback the entries still unsent crowd just below the threshold:
    // if they lie evenly up to it, a ninth of all share its bin.
    const room = Math.min(length + 1, 2 * k + (length >>> 3) + 1024);
    this.#list = words(room);
    this.#listedBits = new Uint32Array(room);
    this.#kept = new Uint32Array(k);
  }

  /**
   * Ascending positions of the k largest entries of x, without zeros; ties go to the lower index. Valid until the next
   * call. Undefined if an entry is not finite.
   */
  of(x: Float32Array): Uint32Array | undefined {
    for (let bin = NON_FINITE_BIN; bin < BINS; bin++) if (this.counts[bin] !== 0) return undefined;
    if (this.#k === 0) return this.#kept;

    const top = descend(this.counts, NON_FINITE_BIN - 1, this.#k);
    const all = new Uint32Array(x.buffer, x.byteOffset, x.length);
    // From 1 up: zeros are never listed. And a vector with more other entries than a list holds has a threshold above 0.
    const found = this.#using.selectFrom(x, Math.max(1, top.digit * 2 ** 20), this.#list);
    const list = found < this.#list.length ? this.#list.subarray(0, found) : undefined;
    const bits = list === undefined ? all : this.#gather(all, list);

    const middle = this.#refine(bits, top.digit, 10, top.rank);
    const low = this.#refine(bits, top.digit * 1024 + middle.digit, 0, middle.rank);
    const threshold = (top.digit * 1024 + middle.digit) * 1024 + low.digit;
    return this.#keep(bits, list, threshold, low.rank);
  }

  #gather(all: Uint32Array, list: Uint32Array): Uint32Array {
    const bits = this.#listedBits.subarray(0, list.length);
    for (let j = 0; j < list.length; j++) bits[j] = all[list[j]!]!;
    return bits;
  }

  /** Among magnitudes that start with `prefix`, the next ten bits of the one of the given rank from the top. */
  #refine(bits: Uint32Array, prefix: number, shift: number, rank: number): Place {
    const digits = this.#digits.fill(0);
    for (let j = 0; j < bits.length; j++) {
      const magnitude = bits[j]! & MAGNITUDE;
      if (magnitude >>> (shift + 10) === prefix) digits[(magnitude >>> shift) & 1023]! += 1;
    }
    return descend(digits, 1023, rank);
  }

  /**
   * Positions of everything above the threshold and of the first `ties` entries at it.
   * @param list the position of each of `bits`; undefined where they are the whole vector
   */
  #keep(bits: Uint32Array, list: Uint32Array | undefined, threshold: number, ties: number): Uint32Array {
    const kept = this.#kept;
    let count = 0;
    let tiesLeft = ties;
    for (let j = 0; j < bits.length; j++) {
      const magnitude = bits[j]! & MAGNITUDE;
      if (magnitude < threshold) continue;
      if (magnitude === threshold && tiesLeft-- <= 0) continue;
      kept[count++] = list === undefined ? j : list[j]!;
    }
    return kept.subarray(0, count);
  }
}

interface Place {
  readonly digit: number;
  /** Rank from the top among the entries of this digit, from 1. */
  readonly rank: number;
}

/** The digit that holds the entry of the given rank from the top; 0 if there are fewer. */
function descend(counts: Uint32Array, from: number, rank: number): Place {
  let digit = from;
  let left = rank;
  while (digit > 0 && counts[digit]! < left) left -= counts[digit--]!;
  return { digit, rank: left };
}

function words(length: number): Uint32Array {
  const raw = bytesVector(4 * length);
  return new Uint32Array(raw.buffer, raw.byteOffset, length);
}
