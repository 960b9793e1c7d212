import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { flatLayout, type Layout, layoutOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { adasum } from "./adasum.ts";
import { near, Table } from "./aggregator.contract.ts";

const decide = (
  vectors: readonly ArrayLike<number>[],
  layout: Layout = flatLayout(vectors[0]!.length),
  perLayer = true,
) => new Table(adasum({ perLayer }), vectors.length, layout).decide(vectors);

const layers = layoutOf([
  ["first", [2]],
  ["second", [3]],
]);
const g = [
  [1, 2, 0, 1, -1],
  [0, 1, 1, 2, 1],
  [-1, 1, 2, 0, 1],
  [2, 0, 1, 1, 1],
  [1, -1, 1, 0, 2],
];

test("pairs are combined as worked out by hand", () => {
  const pairs: readonly [number[], number[], number[]][] = [
    [
      [1, 2],
      [3, -1],
      [3.75, 0.85],
    ],
    [
      [1, 0],
      [0, 2],
      [1, 2],
    ],
    [
      [1, 2],
      [3, 6],
      [2, 4],
    ],
    [
      [1, 2],
      [-1, -2],
      [0, 0],
    ],
    [
      [0, 0],
      [3, 1],
      [3, 1],
    ],
    [
      [3, 1],
      [0, 0],
      [3, 1],
    ],
    [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
  ];
  for (const [a, b, expected] of pairs) near(decide([a, b]), expected, 1e-6);
});

test("the tree over layers, over the whole vector, in another order and over 3 and 5 ranks is as worked out by hand", () => {
  const four = [0.907692307692308, 1.56153846153846, 2.04060599742868, 2.37704228777928, 0.96490149067028];
  near(decide(g.slice(0, 4), layers), four, 1e-6);
  const flat = [1.23660714285714, 2.34375, 2.60267857142857, 2.34375, 1.36607142857143];
  near(decide(g.slice(0, 4), layers, false), flat, 1e-6);
  const swapped = [1.54724137931034, 2.70810344827586, 2.05978946098392, 1.79366120713058, 0.46569088770247];
  near(decide([g[0]!, g[2]!, g[1]!, g[3]!], layers), swapped, 1e-6);
  const three = [0.120689655172414, 1.77672413793103, 2.04184500648508, 2.04905966277562, 0.52394617380026];
  near(decide(g.slice(0, 3), layers), three, 1e-6);
  const five = [1.82260246398207, 1.4678772996471, 1.83127099968994, 1.41121667304937, 1.32465941292568];
  near(decide(g, layers), five, 1e-6);
});

test("parallel vectors of any length and sign are averaged", () => {
  near(decide([0.5, -2, 3, 1].map((c) => [c, 2 * c, -c])), [0.625, 1.25, -0.625], 1e-6);
});

const normals = (seed: number, count: number): Float32Array[] =>
  Array.from({ length: count }, (_, i) => {
    const rng = Random.fromSeed(seed).split(`${i}`);
    return Float32Array.from({ length: 6 }, (_, j) => rng.normal(j));
  });
const some = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 9 })).map(([seed, count]) => normals(seed, count));
const norm2 = (x: ArrayLike<number>) => Array.from(x).reduce((sum, value) => sum + value * value, 0);

test("orthogonal vectors are summed, whatever their number", () => {
  for (let n = 1; n <= 6; n++) {
    const axes = Array.from({ length: n }, (_, i) => Float32Array.from({ length: 6 }, (_, j) => (i === j ? i + 1 : 0)));
    near(decide(axes), [1, 2, 3, 4, 5, 6].fill(0, n), 0);
  }
});

test("the result is never longer than orthogonal vectors would give: ‖result‖² ≤ Σ‖x_i‖²", () => {
  fc.assert(
    fc.property(some, (xs) => {
      assert.ok(norm2(decide(xs)) <= xs.reduce((sum, x) => sum + norm2(x), 0) * (1 + 1e-5));
    }),
  );
});

test("a factor of all vectors, of any sign, is a factor of the result", () => {
  fc.assert(
    fc.property(some, fc.constantFrom(-4, -1, 0.5, 3), (xs, c) => {
      const scaled = decide(xs.map((x) => x.map((value) => c * value)));
      near(
        scaled,
        decide(xs).map((value) => c * value),
        1e-4,
      );
    }),
  );
});

test("a pair is symmetric, and its length follows from the cosine", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const [a, b] = normals(seed, 2) as [Float32Array, Float32Array];
      const out = decide([a, b]);
      near(decide([b, a]), out, 1e-5);
      const c = a.reduce((sum, value, j) => sum + value * b[j]!, 0) / Math.sqrt(norm2(a) * norm2(b));
      const expected = (1 - 0.75 * c * c) * (norm2(a) + norm2(b)) + 0.5 * c ** 3 * Math.sqrt(norm2(a) * norm2(b));
      assert.ok(Math.abs(norm2(out) - expected) <= 1e-4 * (1 + expected));
    }),
  );
});
