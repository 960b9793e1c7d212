import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { grad, lax, nn, numpy as np, random, vmap } from "@jax-js/jax";
import { startJax, type Tensor } from "../jax.ts";
import { LoweringError } from "./error.ts";
import { type Case, lowersAsJax, trace, valueAndGradient } from "./lower.contract.ts";
import { lower, PRIMITIVES } from "./lower.ts";

before(startJax);

const m34 = [3, 4];
const CASES: readonly Case[] = [
  ["add and mul of equal shapes", (x, y) => x.ref.mul(y.ref).add(x).add(y), m34, m34],
  ["a row is broadcast", (x, b) => x.add(b.ref).mul(b), m34, [4]],
  ["a column is broadcast", (x, b) => x.sub(b.ref).mul(b), m34, [3, 1]],
  ["outer sum of a row and a column", (r, c) => np.exp(r.add(c)), [1, 4], [3, 1]],
  ["neg, sub and div", (x, y) => x.neg().sub(y.ref).div(y.mul(y.ref).add(2)), m34, m34],
  ["exp, log and sqrt", (x) => np.log(np.sqrt(np.exp(x.ref).add(1))).add(x), m34],
  ["sin and cos", (x) => np.sin(x.ref).mul(np.cos(x)), m34],
  ["asin and atan", (x) => np.arcsin(x.ref.mul(0.2)).add(np.arctan(x)), m34],
  ["erf", (x) => lax.erf(x), m34],
  ["exact gelu, by erfc", (x) => nn.gelu(x, { approximate: false }), m34],
  ["floor and ceil", (x) => np.floor(x.ref).mul(np.ceil(x.ref)).mul(x), m34],
  ["whole quotient and remainder", (x) => np.floorDivide(x.ref.mul(7), 2).mul(x.ref).add(x.mul(5).mod(3)), m34],
  ["relu", (x) => nn.relu(x), m34],
  ["maximum and minimum", (x, y) => np.maximum(x.ref, y.ref).mul(np.minimum(x, y)), m34, m34],
  ["clip", (x) => np.clip(x.ref, -0.5, 0.5).mul(x), m34],
  ["where of a comparison", (x, y) => np.where(x.ref.less(y.ref), x.ref.mul(x), y.mul(3)), m34, m34],
  ["where that guards a logarithm", (x) => np.where(x.ref.less(0), 0, np.log(np.abs(x).add(0.1))), m34],
  ["every comparison, cast", (x, y) => comparisons(x, y), m34, m34],
  ["abs and sign", (x) => np.abs(x.ref).mul(np.sign(x)), m34],
  ["sigmoid", (x) => nn.sigmoid(x), m34],
  ["tanh", (x) => np.tanh(x), m34],
  ["silu and softplus", (x) => nn.silu(x.ref).add(nn.softplus(x)), m34],
  ["stop_gradient", (x) => lax.stopGradient(x.ref).mul(x), m34],
  ["sum, mean and var over axes", (x) => statistics(x), [3, 2, 4]],
  ["max and min over an axis", (x) => np.max(x.ref, 1).mul(np.min(x, 1)), m34],
  ["prod over an axis", (x) => np.prod(x, 1), m34],
  ["prod of a broadcast", (x) => np.prod(np.broadcastTo(x.reshape([3, 1]), [3, 4]), 1), [3]],
  ["sum of a broadcast", (x) => np.broadcastTo(x.reshape([3, 1]), [3, 4]).sum(), [3]],
  ["softmax and log-softmax", (x) => nn.softmax(x.ref).mul(nn.logSoftmax(x)), m34],
  ["logsumexp", (x) => nn.logsumexp(x, -1), m34],
  ["matrix product", (x, w) => np.matmul(x, w), m34, [4, 5]],
  ["matrix product of transposes", (x, w) => np.matmul(x.transpose(), w.transpose()), [4, 3], [5, 4]],
  ["matrix and vector, both ways", (x, v, u) => np.matmul(x.ref, v).mul(np.matmul(u, x).sum()), m34, [4], [3]],
  ["inner product", (x, y) => np.dot(x, y), [7], [7]],
  ["batched matrix product", (x, y) => np.matmul(x, y), [2, 3, 4], [2, 4, 5]],
  ["batched product with a shared right side", (x, y) => np.matmul(x, y), [2, 3, 4], [4, 5]],
  ["einsum with a transposed result", (x, y) => np.einsum("abc,cd->dab", x, y), [2, 3, 4], [4, 5]],
  ["attention heads", (q, k) => heads(q, k), [2, 6, 8], [2, 6, 8]],
  [
    "two layers with biases",
    (x, w, b, v) => np.matmul(nn.relu(np.matmul(x, w).add(b)), v),
    [5, 4],
    [4, 6],
    [6],
    [6, 3],
  ],
  ["product with a broadcast operand", (x) => np.matmul(x, np.ones([4, 2])), m34],
  ["transpose, reshape and sum", (x) => x.transpose([2, 0, 1]).reshape([8, 3]).reshape([2, 12]).sum(1), [3, 2, 4]],
  ["reshape that cuts axes anew", (x) => np.exp(x.reshape([4, 3]).transpose()).reshape([6, 2]), m34],
  ["shapes whose cuts do not nest", (x, y) => x.reshape([6]).mul(y.transpose().reshape([6])), [2, 3], [2, 3]],
  ["concatenate, split and pad", (x, y) => pieces(x, y), [2, 3], [2, 5]],
  ["flip and slice", (x) => np.flip(x, 1).slice([1, 3], [0, 2]), m34],
  ["one-hot rows", (x) => nn.oneHot(np.array([2, 0, 3], { dtype: np.int32 }), 4).mul(x), m34],
  ["positions counted as whole numbers", (x) => x.mul(np.arange(4)), m34],
  ["leaky relu", (x) => nn.leakyRelu(x), m34],
  ["gelu by tanh", (x) => nn.gelu(x), m34],
  ["standardised rows", (x) => nn.standardize(x), [4, 16]],
  ["the running sum", (x) => np.cumsum(x, -1), [4, 6]],
  ["a third power", (x) => np.power(x, 3), m34],
  ["grouped-query attention, causal", (q, k, v) => causal(q, k, v), [2, 5, 4, 3], [2, 5, 2, 3], [2, 5, 2, 3]],
  ["rotated positions", (x) => rotated(x), [4, 6]],
  ["gradients of each row", (w, x) => perRow(w, x), [3, 4], [5, 4]],
  ["what vanishes: x − sg(x) in sums, products and matrices", (x, w) => vanishing(x, w), m34, [4, 2]],
  ["a parameter without influence", (x, y) => x.add(lax.stopGradient(y)), m34, m34],
];

/** They jump, or hold part of themselves still. */
const KINKED: readonly string[] = [
  "floor and ceil",
  "whole quotient and remainder",
  "every comparison, cast",
  "abs and sign",
  "stop_gradient",
  "what vanishes: x − sg(x) in sums, products and matrices",
];

function comparisons(x: Tensor, y: Tensor): Tensor {
  const flags = [x.ref.less(y.ref), x.ref.lessEqual(y.ref), x.ref.equal(y.ref), x.ref.notEqual(y), x.ref.greater(0)];
  const counted = flags.map((flag) => flag.astype(np.int32)).reduce((sum, flag) => sum.mul(2).add(flag));
  return counted.astype(np.float32).mul(x);
}

const causal = (q: Tensor, k: Tensor, v: Tensor): Tensor => nn.dotProductAttention(q, k, v, { isCausal: true });

function rotated(x: Tensor): Tensor {
  const [a, b] = np.split(x, 2, -1) as [Tensor, Tensor];
  const angles = np.arange(4).astype(np.float32).reshape([4, 1]).mul(0.3);
  const [cos, sin] = [np.cos(angles.ref), np.sin(angles)];
  return np.concatenate([a.ref.mul(cos.ref).sub(b.ref.mul(sin.ref)), a.mul(sin).add(b.mul(cos))], -1);
}

const perRow = (w: Tensor, x: Tensor): Tensor => {
  const slopes = grad((weight: Tensor, row: Tensor) => np.tanh(np.matmul(weight, row)).sum());
  return vmap(slopes, [null, 0])(w, x) as Tensor;
};

function vanishing(x: Tensor, w: Tensor): Tensor {
  const still = lax.stopGradient(x.ref);
  const moving = x.sub(still.ref); // 0, with the gradient of x
  const product = np.matmul(moving.ref.mul(still.ref), w);
  return np.exp(still).add(moving.ref.mul(3)).sub(moving.neg()).sum(1, { keepdims: true }).add(product);
}

const statistics = (x: Tensor): Tensor =>
  x.ref
    .sum(0)
    .add(x.ref.mean([0, 2]).reshape([2, 1]))
    .mul(np.var_(x, 1).sum(0));

function heads(q: Tensor, k: Tensor): Tensor {
  const split = (x: Tensor) => x.reshape([2, 6, 2, 4]).transpose([0, 2, 1, 3]);
  return nn.softmax(np.matmul(split(q), split(k).transpose([0, 1, 3, 2])));
}

function pieces(x: Tensor, y: Tensor): Tensor {
  const [a, b] = np.split(np.concatenate([x, y], 1), 2, 1);
  return np.pad(np.exp(a as Tensor).mul(b as Tensor), [
    [1, 0],
    [0, 2],
  ]);
}

describe("the graph of a function computes its value and gradients as jax-js does", () => {
  lowersAsJax(CASES, KINKED);
});

test("the gradient of a two-layer network is a handful of nodes, with one product per matrix and no transposition", async () => {
  const shapes = [[8, 5], [5, 6], [6], [6, 3]];
  const f = valueAndGradient((x, w, b, v) => np.matmul(nn.relu(np.matmul(x, w).add(b)), v).sum(), [0, 1, 2, 3]);
  const graph = lower(await trace(f, shapes), ["x", "w", "b", "v"], ["loss", "dx", "dw", "db", "dv"]);
  const count = (...ops: string[]) => graph.nodes.filter(({ op }) => ops.includes(op)).length;
  assert.equal(count("Transpose"), 0);
  assert.ok(count("MatMul", "Gemm") <= 6, graph.nodes.map(({ op }) => op).join(" "));
  assert.ok(graph.nodes.length <= 25, graph.nodes.map(({ op }) => op).join(" "));
});

test("a primitive without lowering is named, and the jax engine offered", async () => {
  const program = await trace((x) => x.mul(random.uniform(random.key(1), [4])).sum(), [[4]]);
  assert.throws(
    () => lower(program, ["x"], ["y"]),
    (error) => error instanceof LoweringError && /random_bits/.test(error.message) && /jax engine/.test(error.message),
  );
});

test("these primitives have a lowering", () => {
  assert.deepEqual(PRIMITIVES.join(" ").split(" "), GOLDEN.trim().split(/\s+/));
});

const GOLDEN = `
add argsort asin atan broadcast cast ceil compare concatenate conv cos dot erf erfc exp flip floor gather idiv log max min
mod mul neg pad pool pool_transpose reciprocal reduce reshape scatter shrink sin sort split sqrt stop_gradient transpose
where
`;
