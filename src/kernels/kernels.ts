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
   * counts[b] = number of entries whose magnitude bits shifted right by 20 are b (2048 bins: 8 exponent and 3 mantissa
   * bits). `counts` is overwritten.
   */
  histogram(x: Float32Array, counts: Uint32Array): void;
  /** p_i = fround(x_i + fround(v_i − s·sign(v_i))) as in `signFeedback`, and the histogram of p, in one pass. */
  addFeedbackHistogram(x: Float32Array, v: Float32Array, s: number, p: Float32Array, counts: Uint32Array): void;
  /**
   * Indices, ascending, of entries whose magnitude bits are at least `floor` (0 … 2³¹ − 1); stops at `indices.length`.
   * Returns how many were written; what lies behind them in `indices` is left open.
   */
  selectFrom(x: Float32Array, floor: number, indices: Uint32Array): number;

  /** IEEE half bits, to nearest even; whatever lies beyond ±65504 becomes ±65504, infinity and NaN too. */
  toHalf(x: Float32Array, out: Uint16Array): void;
  /** The f32 of each half, exactly; infinities and the bits of a NaN are kept. */
  fromHalf(bits: Uint16Array, out: Float32Array): void;

  /** out_i = draw(k0, k1, first + i mod 2³²), the mix of `base/random.ts`. */
  draws(k0: number, k1: number, first: number, out: Uint32Array): void;

  /** 32-bit checksum of a frame's bytes, continued from `seed`; the law stands in `twin/checksum.ts`. */
  checksum(bytes: Uint8Array, seed: number): number;
}
