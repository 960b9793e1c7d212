/**
 * Operators that are layers: products, convolutions, pooling, normalisation.
 */
import { lax, numpy as np } from "@jax-js/jax";
import type { Tensor } from "../define.ts";
import { conv2d } from "../layers/convolution.ts";
import { linear } from "../layers/linear.ts";
import { padded } from "./movement.ts";
import type { Operator, Site } from "./site.ts";

function gemm(site: Site): Tensor {
  const [x, weight] = [0, 1].map((i) => {
    const tensor = site.tensor(i);
    return site.integer(i === 0 ? "transA" : "transB", 0) === 0 ? tensor : tensor.transpose();
  }) as [Tensor, Tensor];
  const [alpha, beta] = [site.real("alpha", 1), site.real("beta", 1)];
  if (site.has(2) && site.shape(2).length === 1 && alpha === 1 && beta === 1) return linear(x, weight, site.tensor(2));
  const product = linear(x, weight).mul(alpha);
  return site.has(2) ? product.add(site.tensor(2).mul(beta)) : product;
}

interface Window {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly padding: [number, number][];
}

/** @param size of the kernel */
function windowOf(site: Site, size: readonly number[]): Window {
  const ones = size.map(() => 1);
  const strides = site.integers("strides") ?? ones;
  const dilations = site.integers("dilations") ?? ones;
  const auto = site.attribute("auto_pad")?.text ?? "NOTSET";
  if (auto !== "NOTSET" && auto !== "VALID" && auto !== "SAME_UPPER") {
    throw site.complaint("auto_pad NOTSET, VALID or SAME_UPPER", auto);
  }
  const pads = auto === "VALID" ? [] : (site.integers("pads") ?? []);
  const image = site.shape(0).slice(2);
  const padding = size.map((n, i): [number, number] => {
    if (auto !== "SAME_UPPER") return [pads[i] ?? 0, pads[i + size.length] ?? 0];
    const [length, stride] = [image[i] ?? 1, strides[i] ?? 1];
    const all = Math.max(0, (Math.ceil(length / stride) - 1) * stride + (n - 1) * (dilations[i] ?? 1) + 1 - length);
    return [Math.floor(all / 2), Math.ceil(all / 2)];
  });
  if ([...strides, ...dilations].some((n) => !(n >= 1)) || padding.flat().some((n) => !(n >= 0))) {
    throw site.complaint("strides and dilations from 1, pads from 0", `${strides} | ${dilations} | ${pads}`);
  }
  const [rows = 1, channels = 1] = site.shape(0);
  site.shaped([rows, channels, ...image.map((n, i) => n + (padding[i]?.[0] ?? 0) + (padding[i]?.[1] ?? 0))]);
  return { size, strides, padding };
}

function conv(site: Site): Tensor {
  const kernel = site.shape(1);
  const { strides, padding } = windowOf(site, kernel.slice(2));
  const dilation = [...(site.integers("dilations") ?? strides.map(() => 1))];
  const groups = site.integer("group", 1);
  const [stride = 1] = strides;
  const [[around] = [0]] = padding;
  const isEven = strides.every((n) => n === stride) && padding.flat().every((n) => n === around);
  const isPlain = kernel.length === 4 && groups === 1 && isEven && dilation.every((n) => n === 1);
  const seen = isPlain
    ? conv2d(site.tensor(0), site.tensor(1), { stride, padding: around })
    : lax.convGeneralDilated(site.tensor(0), site.tensor(1), [...strides], padding, {
        rhsDilation: dilation,
        featureGroupCount: groups,
      });
  return site.has(2) ? seen.add(site.tensor(2).reshape([-1, ...kernel.slice(2).map(() => 1)])) : seen;
}

/** Below every number that an image holds. */
const LEAST = -3.4e38;

const pooled =
  (filler: number, reduce: (window: Tensor) => Tensor): Operator =>
  (site) => {
    const { size, strides, padding } = windowOf(site, site.integers("kernel_shape") ?? []);
    const isOdd = site.integer("ceil_mode", 0) !== 0 || (site.integers("dilations") ?? []).some((n) => n !== 1);
    const isPadded = padding.flat().some((n) => n > 0);
    const countsPads = filler === LEAST || site.integer("count_include_pad", 0) !== 0;
    if (size.length === 0 || isOdd || (isPadded && !countsPads)) {
      throw site.complaint("a plain window", "ceil_mode, dilations, or pads that do not count");
    }
    const image = site.tensor(0);
    const widths: [number, number][] = [[0, 0], [0, 0], ...padding];
    const whole = isPadded ? padded(image, widths, filler) : image;
    return lax.reduceWindow(whole, reduce, [...size], [...strides]);
  };

const globally =
  (reduce: (x: Tensor, axes: number[]) => Tensor): Operator =>
  (site) =>
    reduce(
      site.tensor(0),
      site.shape(0).flatMap((_, i) => (i < 2 ? [] : [i])),
    );

/** By the moments in the file, which are not trained. */
function batchNorm(site: Site): Tensor {
  const ones = site
    .shape(0)
    .slice(2)
    .map(() => 1);
  const channel = (i: number): Tensor => site.tensor(i).reshape([-1, ...ones]);
  const scale = np.reciprocal(np.sqrt(channel(4).add(site.real("epsilon", 1e-5)))).mul(channel(1));
  return site.tensor(0).sub(channel(3)).mul(scale).add(channel(2));
}

function layerNorm(site: Site): Tensor {
  const rank = site.shape(0).length;
  const first = site.axis(site.integer("axis", -1), rank);
  const axes = Array.from({ length: rank - first }, (_, i) => first + i);
  const unit = standard(site.tensor(0), axes, site.real("epsilon", 1e-5)).mul(site.tensor(1));
  return site.has(2) ? unit.add(site.tensor(2)) : unit;
}

function instanceNorm(site: Site): Tensor {
  const axes = site.shape(0).flatMap((_, i) => (i < 2 ? [] : [i]));
  const channel = (i: number): Tensor => site.tensor(i).reshape([-1, ...axes.map(() => 1)]);
  return standard(site.tensor(0), axes, site.real("epsilon", 1e-5)).mul(channel(1)).add(channel(2));
}

function standard(x: Tensor, axes: number[], epsilon: number): Tensor {
  const centred = x.ref.sub(np.mean(x, axes, { keepdims: true }));
  const variance = np.mean(centred.ref.mul(centred.ref), axes, { keepdims: true });
  return centred.mul(np.reciprocal(np.sqrt(variance.add(epsilon))));
}

export const LAYERS: Readonly<Record<string, Operator>> = {
  MatMul: (site) =>
    site.shape(1).length === 2 ? linear(site.tensor(0), site.tensor(1)) : np.matmul(site.tensor(0), site.tensor(1)),
  Gemm: gemm,
  Conv: conv,
  MaxPool: pooled(LEAST, (window) => np.max(window)),
  AveragePool: pooled(0, (window) => np.mean(window)),
  GlobalAveragePool: globally((x, axes) => np.mean(x, axes, { keepdims: true })),
  GlobalMaxPool: globally((x, axes) => np.max(x, axes, { keepdims: true })),
  BatchNormalization: batchNorm,
  LayerNormalization: layerNorm,
  InstanceNormalization: instanceNorm,
};
