import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { lax, numpy as np } from "@jax-js/jax";
import { startJax, type Tensor } from "../jax.ts";
import { type Case, lowersAsJax, trace, valueAndGradient } from "./lower.contract.ts";
import { lower } from "./lower.ts";

before(startJax);

type Padding = Parameters<typeof lax.conv>[3];
type Options = Parameters<typeof lax.convGeneralDilated>[4];

const conv =
  (strides: number[], padding: Padding, options: Options = {}) =>
  (x: Tensor, kernel: Tensor): Tensor =>
    lax.convGeneralDilated(x, kernel, strides, padding, options);

const pooled =
  (reduce: (x: Tensor) => Tensor, window: number[], strides: number[]) =>
  (x: Tensor): Tensor =>
    lax.reduceWindow(x, reduce, window, strides);

const image = [2, 3, 8, 8];
const kernel = [4, 3, 3, 3];
const pad1: [number, number][] = [
  [1, 1],
  [1, 1],
];

const CASES: readonly Case[] = [
  ["convolution", conv([1, 1], "VALID"), image, kernel],
  ["convolution that keeps the size", conv([1, 1], "SAME"), image, kernel],
  ["convolution with stride 2", conv([2, 2], "VALID"), [2, 3, 9, 9], kernel],
  ["convolution with stride 2 that leaves a column out", conv([2, 2], "VALID"), image, kernel],
  ["convolution with stride 2, padded unevenly", conv([2, 2], "SAME"), image, kernel],
  ["convolution with stride 2, padded evenly", conv([2, 2], pad1), image, kernel],
  ["convolution of single points", conv([1, 1], "VALID"), image, [4, 3, 1, 1]],
  ["convolution of single points with stride 2", conv([2, 2], "VALID"), image, [4, 3, 1, 1]],
  ["convolution with a spread kernel", conv([1, 1], "SAME", { rhsDilation: [2, 2] }), image, kernel],
  ["convolution with a kernel of 5", conv([1, 1], "VALID"), [2, 1, 12, 12], [6, 1, 5, 5]],
  ["convolution of one row", conv([1, 1], "SAME"), [1, 3, 6, 6], kernel],
  ["convolution of few places", conv([1, 1], "VALID"), [3, 2, 4, 4], [2, 2, 3, 3]],
  ["grouped convolution", conv([1, 1], "SAME", { featureGroupCount: 2 }), [2, 4, 6, 6], [6, 2, 3, 3]],
  ["convolution by channel, stride 2", conv([2, 2], pad1, { featureGroupCount: 4 }), [2, 4, 7, 7], [4, 1, 3, 3]],
  ["convolution of sequences", conv([1], "SAME"), [2, 3, 16], [4, 3, 5]],
  ["transposed convolution", (x, k) => lax.convTranspose(x, k, [2, 2], "SAME"), [2, 3, 5, 5], kernel],
  ["maxima of windows", pooled(np.max, [2, 2], [2, 2]), image],
  ["maxima of windows that leave a column out", pooled(np.max, [2, 2], [2, 2]), [2, 3, 7, 7]],
  ["maxima of windows with ties", (x) => pooled(np.max, [2, 2], [2, 2])(np.maximum(x, 0).mul(2)), [2, 3, 6, 6]],
  ["maxima of windows of two shapes", pooled(np.max, [2, 3], [2, 3]), [2, 3, 6, 6]],
  ["maxima of windows that overlap", pooled(np.max, [3, 3], [2, 2]), [2, 3, 9, 9]],
  ["maxima of windows in sequences", pooled(np.max, [2], [2]), [2, 3, 8]],
  ["means of windows", pooled(np.mean, [2, 2], [2, 2]), image],
  ["means of windows that overlap", pooled(np.mean, [3, 3], [1, 1]), [2, 3, 6, 6]],
  ["means of windows that overlap by one", pooled(np.mean, [3, 3], [2, 2]), [2, 3, 7, 7]],
  ["batch normalisation", (x, scale, shift) => normalised(x, scale, shift), [4, 3, 5, 5], [3], [3]],
];

function normalised(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  const axes = [0, 2, 3];
  const centred = x.ref.sub(x.mean(axes, { keepdims: true }));
  const variance = centred.ref.mul(centred.ref).mean(axes, { keepdims: true });
  const unit = centred.div(np.sqrt(variance.add(1e-5)));
  return unit.mul(scale.reshape([1, 3, 1, 1])).add(shift.reshape([1, 3, 1, 1]));
}

describe("functions of images are lowered as jax-js computes them", () =>
  lowersAsJax(CASES, ["maxima of windows that overlap"]));

const graphOf = async (f: (...args: Tensor[]) => Tensor, shapes: number[][]) => {
  const all = shapes.map((_, i) => i);
  const differentiated = valueAndGradient((...args) => f(...args).sum(), all);
  return lower(
    await trace(differentiated, shapes),
    all.map((i) => `in:${i}`),
    ["value", ...all.map((i) => `gradient:${i}`)],
  );
};

test("a maximum over windows is one MaxPool, and its gradient no window is written out for", async () => {
  const graph = await graphOf(pooled(np.max, [2, 2], [2, 2]), [[2, 3, 8, 8]]);
  const ops = graph.nodes.map(({ op }) => op);
  assert.equal(ops.filter((op) => op === "MaxPool").length, 1);
  assert.ok(ops.length <= 12 && !ops.includes("Where") && !ops.includes("Transpose"), ops.join(" "));
});

test("a convolution is one Conv, one ConvTranspose and one product, and no kernel is flipped", async () => {
  const graph = await graphOf(conv([1, 1], "VALID"), [[8, 3, 10, 10], kernel]);
  const count = (name: string) => graph.nodes.filter(({ op }) => op === name).length;
  assert.deepEqual(["Conv", "ConvTranspose", "MatMul"].map(count), [1, 1, 1]);
  assert.equal(count("Slice"), 9);
});
