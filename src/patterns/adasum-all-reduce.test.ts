import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { adasum } from "../aggregators/adasum.ts";
import { Table } from "../aggregators/aggregator.contract.ts";
import { NonFiniteError } from "../base/errors.ts";
import { flatLayout, layoutOf } from "../base/layout.ts";
import { adasumAllReduce } from "./adasum-all-reduce.ts";
import { LINK, measure, normals, once, run, SIZES, viewOf } from "./all-reduce.contract.ts";
import { halvings } from "./hypercube.ts";
import { patternContract } from "./pattern.contract.ts";

/** The sequential tree. */
const tree = (vectors: readonly Float32Array[], layout = flatLayout(vectors[0]!.length), perLayer = true) =>
  new Table(adasum({ perLayer }), vectors.length, layout).decide(vectors);

patternContract(
  {
    name: "adasum all-reduce",
    uncompressed: adasumAllReduce(),
    compressed: adasumAllReduce(),
    ownServer: true,
    sizes: SIZES,
    expected: (vectors) => tree(vectors),
  },
  run,
);

const layouts = fc
  .array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
  .map((lengths) => layoutOf(lengths.map((length, i) => [`layer ${i}`, [length]] as const)));

test("all members have the result of the sequential tree, layer by layer or as one, wherever layers are cut", async () => {
  const swarms = fc.record({
    n: fc.integer({ min: 1, max: 17 }),
    layout: layouts,
    perLayer: fc.boolean(),
    seed: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(swarms, async ({ n, layout, perLayer, seed }) => {
      const vectors = Array.from({ length: n }, (_, i) => normals(`${seed}/${i}`, layout.length));
      const expected = tree(vectors, layout, perLayer);
      const [first, ...rest] = await once(adasumAllReduce({ perLayer }), vectors, layout);
      for (const out of rest) assert.deepEqual(out, first);
      for (let j = 0; j < layout.length; j++) assert.ok(Math.abs(first![j]! - expected[j]!) <= 2e-6, `entry ${j}`);
    }),
  );
});

test("four ranks and two layers give the result worked out by hand, the same if all are multiplied by a number", async () => {
  const layout = layoutOf([
    ["first", [2]],
    ["second", [3]],
  ]);
  const vectors = [
    [1, 2, 0, 1, -1],
    [0, 1, 1, 2, 1],
    [-1, 1, 2, 0, 1],
    [2, 0, 1, 1, 1],
  ];
  const expected = [0.907692307692308, 1.56153846153846, 2.04060599742868, 2.37704228777928, 0.96490149067028];
  for (const factor of [1, -8]) {
    const own = vectors.map((x) => Float32Array.from(x, (value) => factor * value));
    const [out] = await once(adasumAllReduce(), own, layout);
    for (let j = 0; j < 5; j++) assert.ok(Math.abs(out![j]! / factor - expected[j]!) < 1e-6);
  }
});

test("four places share five entries as 1, 1, 1 and 2, the remainder in the upper halves", () => {
  const kept = [0, 1, 2, 3].map((place) => halvings(place, [1, 2], 5).at(-1)!.keeps);
  assert.deepEqual(kept, [
    [0, 1],
    [2, 3],
    [1, 2],
    [3, 5],
  ]);
});

test("the bytes of a round of one layer are those that the pattern predicts", async () => {
  for (const n of SIZES) {
    const { sent } = await measure(adasumAllReduce(), { n, length: 41, link: LINK });
    assert.equal(
      sent.reduce((a, b) => a + b, 0),
      adasumAllReduce().uncompressedBytes(viewOf(n), 41),
    );
  }
});

test("a round takes 2(P − 1)/P of the vector through each port, 2 log₂ P latencies, and those of the sums", async () => {
  for (const n of [2, 4, 8]) {
    const { took } = await measure(adasumAllReduce(), { n, length: 10_000, link: LINK });
    const levels = Math.log2(n);
    const sums = (levels * (levels + 1)) / 2;
    const frames = levels * (24 + 1 + 24) + sums * (24 + 24);
    const expected = (2 * levels + sums) * 0.01 + ((2 * (n - 1)) / n) * 0.04 + frames / 1e6;
    assert.ok(Math.abs(took - expected) < 1e-9, `${n} members: ${took} s, not ${expected} s`);
  }
});

test("vectors that are too long to be summed are refused", async () => {
  await assert.rejects(
    once(adasumAllReduce(), [Float32Array.of(3e38, 0), Float32Array.of(3e38, 3e38)]),
    NonFiniteError,
  );
});
