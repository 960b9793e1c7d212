/**
 * The magnitudes 0, b^j for all whole j that keep it between 2⁻¹²⁶ and the largest f32, and the largest f32; ascending.
 *
 * Powers are multiplied up and divided down from 1 in f64, and each is rounded to f32: so they are the same everywhere. For
 * b = 2 the number of a level is the exponent field of its f32, and the last is the one of infinity.
 */
const SMALLEST = 2 ** -126;
const LARGEST = 2 ** 128 - 2 ** 104;

const { fround } = Math;

const word = new Float32Array(1);
const wordBits = new Uint32Array(word.buffer);

export class Levels {
  readonly values: Float32Array;
  /** For each exponent field, the last level that is no larger than all its magnitudes. */
  readonly #start: Uint32Array;

  /** @param base above 1 */
  constructor(base: number) {
    const levels = [1];
    for (let power = 1 / base; fround(power) >= SMALLEST; power /= base) levels.push(fround(power));
    levels.push(0);
    levels.reverse();
    for (let power = base; fround(power) < LARGEST; power *= base) levels.push(fround(power));
    levels.push(LARGEST);
    this.values = Float32Array.from(levels);
    let at = 0;
    this.#start = Uint32Array.from({ length: 256 }, (_, field) => {
      wordBits[0] = field << 23;
      while (at + 1 < levels.length && levels[at + 1]! <= word[0]!) at += 1;
      return at;
    });
  }

  /** The number of the largest level that is at most the magnitude of a finite f32. */
  below(magnitude: number): number {
    word[0] = magnitude;
    const field = wordBits[0]! >>> 23;
    let low = this.#start[field]!;
    let high = this.#start[field + 1]!;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.values[middle]! <= magnitude) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
