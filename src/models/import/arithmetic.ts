/**
 * Operators entry by entry, and sums over axes.
 */
import { lax, nn, numpy as np } from "@jax-js/jax";
import type { Tensor } from "../define.ts";
import { Fixed, type Operator, type Site } from "./site.ts";

const unary =
  (apply: (x: Tensor, site: Site) => Tensor): Operator =>
  (site) =>
    apply(site.tensor(0), site);

/** @param fold of entries that are known, as those of shapes are */
const binary =
  (apply: (x: Tensor, y: Tensor) => Tensor, fold?: (a: number, b: number) => number): Operator =>
  (site) =>
    (fold && folded(site, fold)) ?? apply(site.tensor(0), site.tensor(1));

function folded(site: Site, fold: (a: number, b: number) => number): Fixed | undefined {
  const [a, b] = [site.known(0), site.known(1)];
  if (a === undefined || b === undefined || a.isReal || b.isReal) return undefined;
  const [long, other] = a.values.length < b.values.length ? [b, a] : [a, b];
  if (other.values.length !== 1 && String(other.shape) !== String(long.shape)) return undefined;
  const at = ({ values }: Fixed, i: number): number => values[values.length === 1 ? 0 : i]!;
  const values = Array.from({ length: long.values.length }, (_, i) => fold(at(a, i), at(b, i)));
  return Fixed.integers(values, long.shape);
}

const variadic =
  (apply: (x: Tensor, y: Tensor) => Tensor): Operator =>
  (site) =>
    Array.from({ length: site.inputs }, (_, i) => site.tensor(i)).reduce(apply);

/** The last word of the axes: none are all, but with `noop_with_empty_axes`. */
const reduction =
  (apply: (x: Tensor, axes: number[], keepdims: boolean) => Tensor): Operator =>
  (site) => {
    const rank = site.shape(0).length;
    const said = site.listed("axes", 1) ?? [];
    const keepdims = site.integer("keepdims", 1) !== 0;
    if (said.length === 0 && site.integer("noop_with_empty_axes", 0) !== 0) return site.tensor(0);
    const axes = said.length === 0 ? Array.from({ length: rank }, (_, i) => i) : said.map((a) => site.axis(a, rank));
    return apply(site.tensor(0), axes, keepdims);
  };

function clip(site: Site): Tensor {
  const bound = (name: string, input: number, otherwise: number): Tensor | number =>
    site.has(input) ? site.tensor(input) : site.real(name, otherwise);
  const most = 3.4e38;
  return np.minimum(np.maximum(site.tensor(0), bound("min", 1, -most)), bound("max", 2, most));
}

/** Gelu by its error function, or by its tanh formula. */
function gelu(site: Site): Tensor {
  const x = site.tensor(0);
  if (site.attribute("approximate")?.text === "tanh") return nn.gelu(x, { approximate: true });
  return x.ref.mul(lax.erf(x.mul(Math.SQRT1_2)).add(1)).mul(0.5);
}

const softmaxOf =
  (apply: (x: Tensor, axis: number) => Tensor): Operator =>
  (site) =>
    apply(site.tensor(0), site.axis(site.integer("axis", -1), site.shape(0).length));

/** 0 times what is not a number is not a number, so bases below 0 are multiplied. */
function power(site: Site): Tensor {
  const exponent = site.known(1);
  const x = site.tensor(0);
  if (exponent?.values.length === 1) {
    if (exponent.values[0] === 2) return x.ref.mul(x);
    if (exponent.values[0] === 3) return x.ref.mul(x.ref).mul(x);
    if (exponent.values[0] === 0.5) return np.sqrt(x);
  }
  return np.power(x, site.tensor(1));
}

export const ARITHMETIC: Readonly<Record<string, Operator>> = {
  Identity: (site) => site.known(0) ?? site.tensor(0),
  Dropout: (site) => site.tensor(0), // judged as its file says; training goes on without
  Relu: unary((x) => nn.relu(x)),
  LeakyRelu: unary((x, site) => nn.leakyRelu(x, site.real("alpha", 0.01))),
  Elu: unary((x, site) => nn.elu(x, site.real("alpha", 1))),
  Sigmoid: unary((x) => nn.sigmoid(x)),
  HardSwish: unary((x) => nn.hardSwish(x)),
  Softplus: unary((x) => nn.softplus(x)),
  Tanh: unary((x) => np.tanh(x)),
  Exp: unary((x) => np.exp(x)),
  Log: unary((x) => np.log(x)),
  Sqrt: unary((x) => np.sqrt(x)),
  Reciprocal: unary((x) => np.reciprocal(x)),
  Neg: unary((x) => x.mul(-1)),
  Abs: unary((x) => np.abs(x)),
  Sin: unary((x) => np.sin(x)),
  Cos: unary((x) => np.cos(x)),
  Floor: unary((x) => np.floor(x)),
  Erf: unary((x) => lax.erf(x)),
  Not: unary((x) => np.logicalNot(x)),
  Gelu: gelu,
  Clip: clip,
  Pow: power,
  Add: binary(
    (x, y) => x.add(y),
    (a, b) => a + b,
  ),
  Sub: binary(
    (x, y) => x.sub(y),
    (a, b) => a - b,
  ),
  Mul: binary(
    (x, y) => x.mul(y),
    (a, b) => a * b,
  ),
  Div: binary(
    (x, y) => x.div(y),
    (a, b) => Math.trunc(a / b),
  ),
  Mod: binary(
    (x, y) => np.remainder(x, y),
    (a, b) => a - b * Math.floor(a / b),
  ),
  Equal: binary((x, y) => np.equal(x, y)),
  Less: binary((x, y) => np.less(x, y)),
  LessOrEqual: binary((x, y) => np.lessEqual(x, y)),
  Greater: binary((x, y) => np.greater(x, y)),
  GreaterOrEqual: binary((x, y) => np.greaterEqual(x, y)),
  And: binary((x, y) => np.logicalAnd(x, y)),
  Or: binary((x, y) => np.logicalOr(x, y)),
  Max: variadic((x, y) => np.maximum(x, y)),
  Min: variadic((x, y) => np.minimum(x, y)),
  Sum: variadic((x, y) => x.add(y)),
  Where: (site) => np.where(site.tensor(0).astype(np.bool), site.tensor(1), site.tensor(2)),
  ReduceSum: reduction((x, axes, keepdims) => np.sum(x, axes, { keepdims })),
  ReduceMean: reduction((x, axes, keepdims) => np.mean(x, axes, { keepdims })),
  ReduceMax: reduction((x, axes, keepdims) => np.max(x, axes, { keepdims })),
  ReduceMin: reduction((x, axes, keepdims) => np.min(x, axes, { keepdims })),
  Softmax: softmaxOf((x, axis) => nn.softmax(x, axis)),
  LogSoftmax: softmaxOf((x, axis) => nn.logSoftmax(x, axis)),
};
