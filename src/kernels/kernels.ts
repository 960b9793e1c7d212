import type { Grid } from "./grid.ts";

/**
 * What every kernel does. `twin.ts` defines them in plain TypeScript; `simd.ts` runs the same in WebAssembly, bit for bit.
 *
 * Law of sums: entries are taken in blocks of 4096; within a block, lane j of 8 sums entries j, j + 8, … in f64; the
 * lanes are added as ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)), and block sums are added in order. So the sum does not
 * depend on the engine, on where the vector lies, or on how it is cut into pieces of whole blocks.
 * |x| means x with the sign bit cleared; sign(x) is +1 where x ≥ 0 (−0 too), else −1.
 * Entries are f32; "fround" is rounding to f32 after every single operation, and nothing is fused. Scalars that meet
 * entries (a, s, mu, lr, scale, step) are rounded to f32 first. Which NaN an operation gives is left open.
 * Vectors of one call have one length d; other lengths are a bug of the caller and are asserted. An output may be an
 * input of the same call; vectors must not overlap in any other way.
 */
export interface Kernels {
  /** "simd" or "twin". */
  readonly engine: string;

  /** Σ|x_i| by the law of sums. */
  sumMagnitudes(x: Float32Array): number;
  /** Σ x_i² in f64 by the law of sums. */
  sumSquares(x: Float32Array): number;
  /** True if no entry is NaN or infinite. */
  allFinite(x: Float32Array): boolean;
  /** max |x_i|, 0 for an empty vector; NaN is not allowed. */
  maxMagnitude(x: Float32Array): number;

  /** y_i = fround(y_i + fround(a · x_i)). */
  axpy(a: number, x: Float32Array, y: Float32Array): void;
  /** x_i = fround(a · x_i). */
  scale(a: number, x: Float32Array): void;
  /** out_i = fround(x_i + y_i). */
  add(x: Float32Array, y: Float32Array, out: Float32Array): void;
  /** out_i = fround(x_i − y_i). */
  subtract(x: Float32Array, y: Float32Array, out: Float32Array): void;
  /** Heavy ball, one pass: v_i = fround(fround(mu · v_i) + g_i). */
  momentum(mu: number, g: Float32Array, v: Float32Array): void;
  /** Heavy ball and step, one pass: v as in `momentum`, then x_i = fround(x_i − fround(lr · v_i)). */
  momentumStep(mu: number, lr: number, g: Float32Array, v: Float32Array, x: Float32Array): void;

  /** Bit i (least significant first in each byte) is 1 where x_i ≥ 0. `bits` has ⌈d/8⌉ bytes; unused bits are 0. */
  packSigns(x: Float32Array, bits: Uint8Array): void;
  /** `packSigns`, Σ|x_i| and the finite check in one pass; returns NaN if an entry is not finite. */
  packSignsAndSum(x: Float32Array, bits: Uint8Array): number;
  /** out_i = ±scale by bit i. */
  unpackSigns(bits: Uint8Array, scale: number, out: Float32Array): void;
  /** out_i = fround(out_i ± step) by bit i; step is fround(weight · scale). */
  addSigns(bits: Uint8Array, step: number, out: Float32Array): void;
  /**
   * Sign with error feedback in one pass. e_i = fround(v_i − s·sign(v_i)) with (v, s) the settled memory,
   * p_i = fround(x_i + e_i) is written to `p` and its sign to `bits`. Returns Σ|p_i|, or NaN if an entry is not finite.
   */
  signFeedback(x: Float32Array, v: Float32Array, s: number, p: Float32Array, bits: Uint8Array): number;

  /**
   * `packSigns`, and in the same pass Σ max(x_i, 0) and Σ max(−x_i, 0) by the law of sums, written to `sides`: one of them
   * is NaN or infinite if an entry is. Returns how many entries are ≥ 0.
   */
  packSides(x: Float32Array, bits: Uint8Array, sides: Float64Array): number;
  /** out_i = `one` or `zero` by bit i. */
  unpackPair(bits: Uint8Array, zero: number, one: number, out: Float32Array): void;
  /** out_i = fround(out_i + `one`) or fround(out_i + `zero`) by bit i. */
  addPair(bits: Uint8Array, zero: number, one: number, out: Float32Array): void;

  /**
   * counts[b] = number of entries whose magnitude bits shifted right by 20 are b (2048 bins: 8 exponent and 3 mantissa
   * bits). `counts` is overwritten.
   */
  histogram(x: Float32Array, counts: Uint32Array): void;
  /**
   * Indices, ascending, of entries whose magnitude bits are at least `floor` (0 … 2³¹ − 1), and beside them these entries;
   * stops at `indices.length`, the length of `values` too. Returns how many were written; what lies behind is left open.
   */
  selectFrom(x: Float32Array, floor: number, indices: Uint32Array, values: Float32Array): number;
  /** out_i = fround(x_i + y_i), all of them, and `selectFrom` of out, in one pass. */
  addSelect(
    x: Float32Array,
    y: Float32Array,
    out: Float32Array,
    floor: number,
    indices: Uint32Array,
    values: Float32Array,
  ): number;

  // Some entries of a vector: positions are ascending and below d, and there are as many values.

  /** values_j = x_i, i = positions_j. */
  gather(x: Float32Array, positions: Uint32Array, values: Float32Array): void;
  /** out_i = fround(values_j + 0), which is never −0, for i = positions_j, and 0 elsewhere. */
  scatter(values: Float32Array, positions: Uint32Array, out: Float32Array): void;
  /** out_i = fround(out_i + fround(weight · values_j)) for i = positions_j; the others are not touched. */
  scatterAdd(weight: number, values: Float32Array, positions: Uint32Array, out: Float32Array): void;

  /**
   * Rice code of ascending positions, most significant bit first: of each gap g = i_j − i_(j−1) − 1 (i_(−1) = −1) ⌊g/2^b⌋
   * ones, a zero, and the b low bits; the last byte is filled up with zeros.
   * @param parameter b, 0 … 24 @param code exactly as many bytes as that takes, below 2²⁸
   */
  writeRice(positions: Uint32Array, parameter: number, code: Uint8Array): void;
  /**
   * Fills `positions` from their code and returns how many bits it took; −1 if a position is not below `length` or the
   * code ends too soon, and then what it wrote is left open.
   */
  readRice(code: Uint8Array, parameter: number, length: number, positions: Uint32Array): number;

  // Entries in fewer bits, and back: IEEE halves, bfloat16 and signed powers of two. Sixteen bits are two bytes, the lower
  // first. to… and …Feedback encode; they return false if an entry is not finite, and what they wrote is left open then.
  // …Feedback encodes p_i = fround(x_i + e_i) and leaves rest_i = fround(p_i − value_i), with value_i what from… decodes.
  // from… decodes, and −0 becomes 0. add… gives out_i = fround(out_i + fround(weight · value_i)).

  /**
   * IEEE half bits, to nearest even; whatever lies beyond ±65504 becomes ±65504. Both return max |p_i|, which tells whether
   * anything did, and infinity if an entry is not finite.
   */
  toHalf(x: Float32Array, halves: Uint8Array): number;
  halfFeedback(x: Float32Array, e: Float32Array, rest: Float32Array, halves: Uint8Array): number;
  /** Exponent 31 is a number like the others here: ±65536 … ±131008, not infinity and NaN. */
  fromHalf(halves: Uint8Array, out: Float32Array): void;
  addHalf(halves: Uint8Array, weight: number, out: Float32Array): void;
  /** The largest of the lower 15 bits of each two bytes: tells whether halves or bfloats are finite. */
  maxMagnitude16(words: Uint8Array): number;

  /**
   * The upper half of the f32 bits: without a key to nearest even, else the magnitude rounds up where its lower half plus
   * draw(k0, k1, i) >>> 16 carries. Whatever lies beyond the largest bfloat16 becomes that.
   */
  toBfloat(x: Float32Array, key: Key | undefined, words: Uint8Array): boolean;
  bfloatFeedback(
    x: Float32Array,
    e: Float32Array,
    key: Key | undefined,
    rest: Float32Array,
    words: Uint8Array,
  ): boolean;
  /** Infinities and the bits of a NaN are kept. */
  fromBfloat(words: Uint8Array, out: Float32Array): void;
  addBfloat(words: Uint8Array, weight: number, out: Float32Array): void;

  /**
   * exponents[i] is the exponent field of |x_i| after r_i was added to its bits: r_i = draw(k0, k1, i) >>> 9, which rounds
   * to a power of two without bias, or without a key 0x3fffff, which rounds to the nearer one, in the middle down. Bit i of
   * `signs` (least significant first; unused bits 0) is the sign bit of x_i.
   */
  toPowers(x: Float32Array, key: Key | undefined, exponents: Uint8Array, signs: Uint8Array): boolean;
  powersFeedback(
    x: Float32Array,
    e: Float32Array,
    key: Key | undefined,
    rest: Float32Array,
    exponents: Uint8Array,
    signs: Uint8Array,
  ): boolean;
  /** ±2^(exponent − 127), but 0 for exponent 0, and ± the largest f32, 2¹²⁸ − 2¹⁰⁴, for exponent 255. */
  fromPowers(exponents: Uint8Array, signs: Uint8Array, out: Float32Array): void;
  addPowers(exponents: Uint8Array, signs: Uint8Array, weight: number, out: Float32Array): void;

  // Uniform grids, a bucket at a time; `grid.ts` says how a quantised vector lies in bytes.

  /**
   * Fits a grid to each bucket and rounds each entry to one of its points: without a key to the nearest, ties to even
   * codes, else to one of its two neighbours, up where the min(16, 22 − bits) lowest bits drawn for it (as for `dither`,
   * below), as a fraction of a step, carry: the mean is right within 2⁻¹⁵ of a step, for 7 and 8 bits within 2⁻¹³. A step
   * that is subnormal is rounded up, so that every entry stays in reach. Returns false if an entry or a step is not finite;
   * what it wrote is left open then.
   */
  toGrid(x: Float32Array, grid: Grid, key: Key | undefined, first: number, quantised: Uint8Array): boolean;
  /** `toGrid` of p_i = fround(x_i + e_i), and rest_i = fround(p_i − value_i) with value_i what `fromGrid` gives. */
  gridFeedback(
    x: Float32Array,
    e: Float32Array,
    grid: Grid,
    key: Key | undefined,
    first: number,
    rest: Float32Array,
    quantised: Uint8Array,
  ): boolean;
  /** out_i = fround(fround(code_i · step) + low), codes counted from 0; in f64, and kept within f32, for a huge grid. */
  fromGrid(quantised: Uint8Array, grid: Grid, out: Float32Array): void;
  /** out_i = fround(out_i + fround(weight · value_i)). */
  addGrid(quantised: Uint8Array, grid: Grid, weight: number, out: Float32Array): void;

  /** out_i = draw(k0, k1, first + i mod 2³²), the mix of `base/random.ts`. */
  draws(k0: number, k1: number, first: number, out: Uint32Array): void;
  /**
   * Indices i below `length`, ascending, with draw(k0, k1, i) ≤ most (0 … 2³² − 1). `indices` has room for all; what lies
   * behind those found is left open. Returns how many there are.
   */
  selectDraws(k0: number, k1: number, most: number, length: number, indices: Uint32Array): number;
  /**
   * A uniform subset of k = `indices.length` of the indices below `length`, ascending. Draw i = 0, 1, … proposes
   * t = ⌊u·length/2³²⌋ with u = draw(k0, k1, i), unless u·length mod 2³² < 2³² mod length: so each t is as likely (Lemire). The
   * first k different ones are taken; where 2k > length, the first length − k are those that are left out.
   * @param taken 2 ⌈length/64⌉ words, all 0 before and after
   */
  subset(k0: number, k1: number, length: number, taken: Uint32Array, indices: Uint32Array): void;

  /**
   * Buckets: entries b·bucket … (b + 1)·bucket − 1, the last one perhaps shorter. norms_b = √Σx_i² over bucket b, summed
   * as a vector of its own and rounded up to f32; infinite where that overflows, not finite where an entry is not.
   */
  bucketNorms(x: Float32Array, bucket: number, norms: Float32Array): void;
  /** maxima_b = max|x_i| over bucket b; not finite where an entry is not. */
  bucketMaxima(x: Float32Array, bucket: number, maxima: Float32Array): void;
  /** p_i = fround(x_i + e_i), and the norms, or maxima, of its buckets. */
  addBucketNorms(x: Float32Array, e: Float32Array, p: Float32Array, bucket: number, norms: Float32Array): void;
  addBucketMaxima(x: Float32Array, e: Float32Array, p: Float32Array, bucket: number, maxima: Float32Array): void;
  // Random rounding draws 16 bits an entry: entry j of a bucket whose first entry is coordinate c takes the lower half of
  // drawPair(k0, k1, c + j) where j mod 8 < 4, else the upper half of drawPair(k0, k1, c + j − 4) (`base/random.ts`).

  /**
   * Random rounding to whole multiples of a step: levels_i = ⌊(y + r)/2^f⌋, where f = min(16, 22 − bitlength(most)), y is
   * the whole number nearest to fround(x_i · fround(2^f/steps_b)), ties to even, and r is the lowest f bits drawn for entry
   * i. So the mean is right within 2⁻¹⁶ of a step, for `most` above 63 within 2⁻²¹ of the largest magnitude. x and a step
   * below 2⁻⁶⁴ are taken times 2⁶⁴; a step of 0 counts as 1. Entries are finite and at most `most` steps, 1 … 16383.
   */
  dither(
    x: Float32Array,
    steps: Float32Array,
    bucket: number,
    most: number,
    key: Key,
    first: number,
    levels: Int16Array,
  ): void;
  /**
   * `dither` for most = 7, at four bits a level in two's complement, the first of two in the low half of a byte; an unused
   * half is 0. The bucket is even, or the only one.
   */
  ditherNibbles(
    x: Float32Array,
    steps: Float32Array,
    bucket: number,
    key: Key,
    first: number,
    nibbles: Uint8Array,
  ): void;
  /** `ditherNibbles`, and p_i = fround(p_i − fround(level_i · steps_b)). */
  ditherNibblesFeedback(
    p: Float32Array,
    steps: Float32Array,
    bucket: number,
    key: Key,
    first: number,
    nibbles: Uint8Array,
  ): void;
  /** out_i = fround(levels_i · steps_b), +0 where that is −0. */
  scaleLevels(levels: Int16Array, steps: Float32Array, bucket: number, out: Float32Array): void;
  /** out_i = fround(out_i + fround(weight · fround(levels_i · steps_b))). */
  addLevels(weight: number, levels: Int16Array, steps: Float32Array, bucket: number, out: Float32Array): void;
  /** Levels of four bits, as `ditherNibbles` writes them. */
  unpackNibbles(nibbles: Uint8Array, levels: Int16Array): void;
  /** True if a half of any byte is `nibble`. */
  holdsNibble(nibbles: Uint8Array, nibble: number): boolean;

  /** 32-bit checksum of a frame's bytes, continued from `seed`; the law stands in `twin/checksum.ts`. */
  checksum(bytes: Uint8Array, seed: number): number;
}

/** The key of the draws; a `Random` is one. */
export interface Key {
  readonly k0: number;
  readonly k1: number;
}
