/**
 * Sums over whole vectors, block by block so that a block of `out` stays in the cache while all vectors pass over it.
 */

/** Entries of a block. */
export const BLOCK = 4096;

const sums = new Float64Array(BLOCK);

/** out_j = Σ_i weights_i · vectors_i,j, summed in f64 in the order given, rounded once. `out` may be one of the vectors. */
export function linearCombination(
  weights: ArrayLike<number>,
  vectors: readonly Float32Array[],
  out: Float32Array,
): void {
  for (let from = 0; from < out.length; from += BLOCK) {
    const to = Math.min(from + BLOCK, out.length);
    sums.fill(0);
    for (let i = 0; i < vectors.length; i++) {
      const x = vectors[i]!;
      const weight = weights[i]!;
      for (let j = from; j < to; j++) sums[j - from]! += weight * x[j]!;
    }
    for (let j = from; j < to; j++) out[j] = sums[j - from]!;
  }
}

/** out = (1/n) Σ vectors_i. */
export const meanOf = (vectors: readonly Float32Array[], out: Float32Array): void =>
  linearCombination(
    vectors.map(() => 1 / vectors.length),
    vectors,
    out,
  );

/** Σ_j (x_j − y_j)² over entries `from` … `to` − 1, in f64, ascending. Differences of f32 cannot overflow there. */
export function squaredDistance(x: Float32Array, y: Float32Array, from = 0, to: number = x.length): number {
  let sum = 0;
  for (let j = from; j < to; j++) {
    const difference = x[j]! - y[j]!;
    sum += difference * difference;
  }
  return sum;
}

/** ‖x − y‖ */
export const distance = (x: Float32Array, y: Float32Array): number => Math.sqrt(squaredDistance(x, y));
