import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addProduct, orthonormalise, times, transposeTimes } from "./factors.ts";

const entry = fc.double({ min: -4, max: 4, noNaN: true });
const vectorOf = (length: number) =>
  fc.array(entry, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));
/** Two matrices n × m, and factors of rank r for them. */
const problem = fc
  .record({
    rows: fc.integer({ min: 1, max: 7 }),
    columns: fc.integer({ min: 1, max: 7 }),
    rank: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ rows, columns, rank }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      rank: fc.constant(rank),
      a: vectorOf(rows * columns),
      b: vectorOf(rows * columns),
      p: vectorOf(rows * rank),
      q: vectorOf(columns * rank),
    }),
  );
const close = (x: Float32Array, y: ArrayLike<number>, within: number) =>
  x.forEach((value, i) => {
    assert.ok(Math.abs(value - y[i]!) <= within, `entry ${i}: ${value} and ${y[i]}`);
  });
const sum = (x: Float32Array, y: Float32Array) => x.map((value, i) => value + y[i]!);

test("products with a matrix are what their definitions say, and linear in the matrix", () => {
  fc.assert(
    fc.property(problem, ({ rows, columns, rank, a, b, p, q }) => {
      const P = (m: Float32Array) => {
        const out = new Float32Array(p.length);
        times(m, q, rank, out);
        return out;
      };
      const Q = (m: Float32Array) => {
        const out = new Float32Array(q.length);
        transposeTimes(m, p, rank, out);
        return out;
      };
      const [left, right] = [P(a), Q(a)];
      for (let k = 0; k < rank; k++) {
        for (let i = 0; i < rows; i++) {
          let expected = 0;
          for (let j = 0; j < columns; j++) expected += a[i * columns + j]! * q[k * columns + j]!;
          assert.equal(left[k * rows + i], Math.fround(expected));
        }
        for (let j = 0; j < columns; j++) {
          let expected = 0;
          for (let i = 0; i < rows; i++) expected += a[i * columns + j]! * p[k * rows + i]!;
          assert.equal(right[k * columns + j], Math.fround(expected));
        }
      }
      close(P(sum(a, b)), sum(left, P(b)), 1e-4);
      close(Q(sum(a, b)), sum(right, Q(b)), 1e-4);
    }),
  );
});

test("a matrix of more than one block of columns has the product of its parts", () => {
  const columns = 2500;
  const matrix = Float32Array.from({ length: 2 * columns }, (_, i) => (i % 17) - 8);
  const p = Float32Array.of(3, -2);
  const q = new Float32Array(columns);
  transposeTimes(matrix, p, 1, q);
  for (let j = 0; j < columns; j++) assert.equal(q[j], 3 * matrix[j]! - 2 * matrix[columns + j]!);
});

test("P Qᵀ is added entry by entry, and taken away again", () => {
  fc.assert(
    fc.property(problem, ({ rows, columns, rank, a, p, q }) => {
      const m = Float32Array.from(a);
      addProduct(1, p, q, rank, m);
      const expected = a.map((value, at) => {
        let all = value;
        for (let k = 0; k < rank; k++)
          all += p[k * rows + Math.floor(at / columns)]! * q[k * columns + (at % columns)]!;
        return all;
      });
      close(m, expected, 1e-4);
      addProduct(-1, p, q, rank, m);
      close(m, a, 1e-4);
    }),
  );
});

test("columns become orthonormal, dependent ones too, and columns of zeros stay", () => {
  const tall = fc.integer({ min: 4, max: 12 }).chain((rows) => fc.tuple(vectorOf(rows), vectorOf(rows), entry, entry));
  fc.assert(
    fc.property(tall, ([x, y, s, t]) => {
      const dependent = x.map((value, i) => s * value + t * y[i]!);
      const rows = x.length;
      const p = Float32Array.from([...x, ...dependent, ...y]);
      orthonormalise(p, 3);
      const column = (k: number) => p.subarray(k * rows, (k + 1) * rows);
      for (let k = 0; k < 3; k++) {
        for (let l = 0; l <= k; l++) {
          const product = column(k).reduce((total, value, i) => total + value * column(l)[i]!, 0);
          const isZero = column(k).every((value) => value === 0);
          assert.ok(Math.abs(product - (k === l && !isZero ? 1 : 0)) < 1e-5, `columns ${k} and ${l}: ${product}`);
        }
      }
    }),
  );
  const zeros = new Float32Array(6);
  orthonormalise(zeros, 2);
  assert.deepEqual(zeros, new Float32Array(6));
});

test("tiny columns have a direction too", () => {
  const p = Float32Array.of(3e-30, 4e-30);
  orthonormalise(p, 1);
  close(p, [0.6, 0.8], 1e-7);
});

test("one step, and one more from its Q, give the errors on record", () => {
  const m = Float32Array.of(1, 2, 3, 4, 5, 6);
  const p = new Float32Array(3);
  const q = Float32Array.of(1, 1);
  const step = () => {
    times(m, q, 1, p);
    orthonormalise(p, 1);
    transposeTimes(m, p, 1, q);
    const rest = Float32Array.from(m);
    addProduct(-1, p, q, 1, rest);
    return rest;
  };
  const norm = (x: Float32Array) => x.reduce((total, value) => total + value * value, 0);
  const rest = step();
  close(
    rest,
    [3, 7, 11].flatMap((row) => [row * 79, row * 100]).map((value, i) => m[i]! - value / 179),
    1e-6,
  );
  close(
    p,
    [3, 7, 11].map((value) => value / Math.sqrt(179)),
    1e-6,
  );
  assert.ok(Math.abs(norm(rest) - 0.2681564) < 1e-6);
  assert.ok(Math.abs(norm(step()) - 0.2645051166) < 1e-6);
});
