/**
 * Products of a matrix M (n × m, row by row) with thin factors P (n × r) and Q (m × r), which lie column by column. Sums
 * run in ascending order in f64 and are rounded once, so that all engines give the same bits.
 */
import { kernels } from "../kernels/index.ts";

/** P = M Q. */
export function times(matrix: Float32Array, q: Float32Array, rank: number, p: Float32Array): void {
  const rows = p.length / rank;
  const columns = q.length / rank;
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < rank; k++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += matrix[i * columns + j]! * q[k * columns + j]!;
      p[k * rows + i] = sum;
    }
  }
}

/** Columns of Q that are summed at a time. */
const BLOCK = 1024;
const sums = new Float64Array(BLOCK);

/** Q = Mᵀ P. */
export function transposeTimes(matrix: Float32Array, p: Float32Array, rank: number, q: Float32Array): void {
  const rows = p.length / rank;
  const columns = q.length / rank;
  for (let k = 0; k < rank; k++) {
    for (let from = 0; from < columns; from += BLOCK) {
      const count = Math.min(BLOCK, columns - from);
      sums.fill(0);
      for (let i = 0; i < rows; i++) {
        const factor = p[k * rows + i]!;
        const start = i * columns + from;
        for (let j = 0; j < count; j++) sums[j]! += factor * matrix[start + j]!;
      }
      for (let j = 0; j < count; j++) q[k * columns + from + j] = sums[j]!;
    }
  }
}

/** M ← M + sign · P Qᵀ, one column of the factors after the other; each product and each sum is rounded to f32. */
export function addProduct(sign: 1 | -1, p: Float32Array, q: Float32Array, rank: number, matrix: Float32Array): void {
  const rows = p.length / rank;
  const columns = q.length / rank;
  for (let k = 0; k < rank; k++) {
    const column = q.subarray(k * columns, (k + 1) * columns);
    for (let i = 0; i < rows; i++) {
      kernels.axpy(sign * p[k * rows + i]!, column, matrix.subarray(i * columns, (i + 1) * columns));
    }
  }
}

/** The part of a column that may be rounding of f32: where no more is left of it, it depends on those before it. */
const ROUNDING = 1e-6;

/**
 * Modified Gram–Schmidt, in place: each column becomes orthogonal to those before it and of length 1, or 0 where it
 * depends on them. It is projected twice, because the rounding of the first time may be as large as what is left.
 */
export function orthonormalise(p: Float32Array, rank: number): void {
  const rows = p.length / rank;
  for (let k = 0; k < rank; k++) {
    const column = p.subarray(k * rows, (k + 1) * rows);
    const before = norm(column);
    for (let pass = 0; pass < 2; pass++) {
      for (let l = 0; l < k; l++) {
        const earlier = p.subarray(l * rows, (l + 1) * rows);
        const along = dot(column, earlier);
        for (let i = 0; i < rows; i++) column[i]! -= along * earlier[i]!;
      }
    }
    const after = norm(column);
    if (after > ROUNDING * before) for (let i = 0; i < rows; i++) column[i]! /= after;
    else column.fill(0);
  }
}

const norm = (x: Float32Array): number => Math.sqrt(dot(x, x));

function dot(x: Float32Array, y: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}
