import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { nn, numpy as np } from "@jax-js/jax";
import fc from "fast-check";
import { ConfigError } from "../../base/errors.ts";
import { Random } from "../../base/random.ts";
import { startJax, type Tensor } from "../jax.ts";
import { type Argument, type Case, lowersAsJax, valueAndGradient } from "../lowering/lower.contract.ts";
import { judging, learning } from "../pass.ts";
import { gelu, softmax } from "./activations.ts";
import { causalAttention } from "./attention.ts";
import { type Convolution, conv2d } from "./convolution.ts";
import { dropout } from "./dropout.ts";
import { embedding } from "./embedding.ts";
import { asProducts } from "./form.ts";
import { linear } from "./linear.ts";
import { batchNorm, groupNorm, groupsOf, layerNorm, standardised } from "./normalisation.ts";
import { averagePool, globalAverage, maxPool } from "./pooling.ts";
import { lstm } from "./recurrent.ts";

before(startJax);

const training = learning([]);
const images = [2, 4, 6, 6];

const CASES: readonly Case[] = [
  ["linear", (x, w, b) => linear(x, w, b), [3, 4], [4, 2], [2]],
  ["convolution, stride 2, padded", (x, k) => conv2d(x, k, { stride: 2, padding: 1 }), images, [3, 4, 3, 3]],
  ["convolution as products", (x, k) => asProducts(() => conv2d(x, k, { padding: 1 })), images, [3, 4, 3, 3]],
  ["maxima, means and the mean of all", (x) => pools(x), images],
  ["batch norm in training", (x, g, b) => batchNorm(x, g, b, training), images, [4], [4]],
  ["group norm", (x, g, b) => groupNorm(x, g, b, 2), images, [4], [4]],
  ["instance norm", (x, g, b) => groupNorm(x, g, b, 4), images, [4], [4]],
  ["layer norm", (x, g, b) => layerNorm(x, g, b), [3, 5, 8], [8], [8]],
  ["gelu", (x) => gelu(x), [3, 4]],
  ["softmax", (x) => softmax(x), [3, 4]],
  ["embedding", (table, i) => embedding(table, i), [5, 3], { below: 5, shape: [2, 4] }],
  ["embedding as a product", (table, i) => asProducts(() => embedding(table, i)), [5, 3], { below: 5, shape: [2, 4] }],
  ["causal attention", (x) => causalAttention(x, 2), [2, 5, 24]],
  ["long short-term memory", (x, w, u, b) => lstm(x, w, u, b), [2, 4, 3], [3, 20], [5, 20], [20]],
  ["dropout", (x) => dropout(x, 0.5, learning([np.array([0.2, 0.5, 0.7, 0.4])])), [3, 4]],
];

function pools(x: Tensor): Tensor {
  const [largest, mean] = [maxPool(x.ref, 2), averagePool(x.ref, 3)];
  return globalAverage(largest).add(globalAverage(mean)).add(globalAverage(x));
}

// Where gradients are written down, what carries them stands still in the value.
const CARRIED = CASES.map(([name]) => name).filter((name) => /norm|gelu|softmax|attention/.test(name));

describe("layers are lowered as jax-js computes them", () => lowersAsJax(CASES, CARRIED));

const draws = (name: string, shape: readonly number[]): Tensor => {
  const rng = Random.fromSeed(3).split(name);
  return np.array(
    new Float32Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => rng.normal(i)),
    {
      shape: [...shape],
    },
  );
};

/** Value and gradients of Σ weights · f. */
async function all(f: (...args: Tensor[]) => Tensor, shapes: readonly Argument[]): Promise<Float32Array[]> {
  const weighted = (...args: Tensor[]): Tensor => {
    const value = f(...args);
    return value.ref.mul(draws("weights", value.shape)).sum().add(value.sum().mul(0.1));
  };
  const args = shapes.map((shape, i) => draws(`argument/${i}`, shape as readonly number[])); // no whole numbers here
  const results = valueAndGradient(
    weighted,
    shapes.map((_, i) => i),
  )(...args);
  return Promise.all(([results].flat(2) as Tensor[]).map(async (t) => Float32Array.from(await t.data())));
}

async function assertEqual(
  f: (...args: Tensor[]) => Tensor,
  g: (...args: Tensor[]) => Tensor,
  ...shapes: number[][]
): Promise<void> {
  const [got, wanted] = [await all(f, shapes), await all(g, shapes)];
  for (const [i, values] of wanted.entries()) {
    const scale = Math.max(...values.map(Math.abs), 0.1);
    for (const [k, value] of values.entries()) {
      const found = got[i]?.[k] ?? Number.NaN;
      assert.ok(Math.abs(found - value) < 2e-5 * scale, `${i}: [${k}] is ${found}, not ${value}`);
    }
  }
}

describe("gradients that are written down are those of the formula", () => {
  test("gelu", () => assertEqual(gelu, (x) => nn.gelu(x), [4, 5]));
  test("softmax", () => assertEqual(softmax, (x) => nn.softmax(x, -1), [4, 5]));
  test("standardised", () =>
    assertEqual(
      (x) => standardised(x, [-1]),
      (x) => nn.standardize(x, -1),
      [4, 16],
    ));
  test("standardised over several axes", () => {
    const plain = (x: Tensor): Tensor => {
      const mean = (t: Tensor) => t.mean([0, 2, 3], { keepdims: true });
      const centred = x.ref.sub(mean(x));
      return centred.ref.div(np.sqrt(mean(centred.ref.mul(centred)).add(1e-5)));
    };
    return assertEqual((x) => standardised(x, [0, 2, 3]), plain, images);
  });
});

test("a convolution is the same in both forms, for any kernel, stride and padding", async () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 2 }),
    channels: fc.integer({ min: 1, max: 3 }),
    outputs: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 3, max: 7 }),
    width: fc.integer({ min: 3, max: 7 }),
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: fc.integer({ min: 0, max: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ rows, channels, outputs, height, width, kernel, stride, padding }) => {
      const options: Convolution = { stride, padding: Math.min(padding, kernel - 1) };
      await assertEqual(
        (x, k) => asProducts(() => conv2d(x, k, options)),
        (x, k) => conv2d(x, k, options),
        [rows, channels, height, width],
        [outputs, channels, kernel, kernel],
      );
    }),
    { numRuns: 25 },
  );
});

/** x = [[1, 3, −2, 0], [2, −1, 4, 2]] as images of one pixel. */
const pixels = () => np.array([1, 3, -2, 0, 2, -1, 4, 2]).reshape([2, 4, 1, 1]);
const ones = () => np.ones([4]);
const none = () => np.zeros([4]);
const near = async (tensor: Tensor, wanted: readonly number[]): Promise<void> => {
  const got = [...(await tensor.data())];
  assert.equal(got.length, wanted.length);
  for (const [i, x] of wanted.entries()) assert.ok(Math.abs((got[i] ?? Number.NaN) - x) < 1e-6, `${got}`);
};

test("group, layer and batch norm of two rows are those of the definition", async () => {
  const [a, b] = [0.9999950000374997, 0.9999977777851852];
  await near(groupNorm(pixels(), ones(), none(), 2), [-a, a, -a, a, b, -b, a, -a]);
  const row = [0.2773496714211406, 1.386748357105703, -1.386748357105703, -0.2773496714211406];
  await near(groupNorm(pixels(), ones(), none(), 1).slice([0, 1]), row);
  const first = [-0.9999800005999799, 0.9999987500023437, -0.9999994444449074, -0.9999950000374997];
  await near(batchNorm(pixels(), ones(), none(), training), [...first, ...first.map((x) => -x)]);
});

test("batch norm judges by the moments that it is given", async () => {
  const [mean, variance] = [np.array([1, 2, 3, 4]).reshape([1, 4, 1, 1]), np.array([4, 4, 4, 4]).reshape([1, 4, 1, 1])];
  const got = batchNorm(pixels(), ones().mul(2), ones(), judging([mean, variance]));
  await near(
    got,
    [1, 3, -2, 0, 2, -1, 4, 2].map((x, i) => 1 + (2 * (x - ((i % 4) + 1))) / Math.sqrt(4 + 1e-5)),
  );
});

test("groups are the largest divisor up to 32 that leaves 8 channels, else one", () => {
  assert.deepEqual([4, 8, 16, 24, 40, 64, 512, 17].map(groupsOf), [1, 1, 2, 3, 5, 8, 32, 1]);
  assert.throws(() => groupNorm(pixels(), ones(), none(), 3), ConfigError);
});

test("attention looks at no later position", async () => {
  const x = draws("x", [1, 6, 12]);
  const later = np.concatenate([x.ref.slice([], [0, 4]), draws("other", [1, 2, 12])], 1);
  const [one, two] = [causalAttention(x, 2), causalAttention(later, 2)];
  await near(one.slice([], [0, 4]), [...(await two.slice([], [0, 4]).data())]);
});

test("dropout keeps what draws at or above the rate, grown to keep the mean, and nothing is dropped in judging", async () => {
  const noise = np.array([0.1, 0.24, 0.25, 0.9]);
  await near(dropout(np.ones([4]), 0.25, learning([noise])), [0, 0, 4 / 3, 4 / 3]);
  await near(dropout(np.ones([4]), 0.25, judging([])), [1, 1, 1, 1]);
});

test("a memory that forgets nothing and takes nothing in stays at 0; one that takes all in counts", async () => {
  const bias = (fresh: number) => np.array([fresh, 50, 50, 50]); // gates at 1 but the first, candidate at 1
  const run = (fresh: number) => lstm(np.zeros([1, 3, 1]), np.zeros([1, 4]), np.zeros([1, 4]), bias(fresh));
  await near(run(-50), [0, 0, 0]);
  await near(run(50), [1, 2, 3].map(Math.tanh));
});
