/**
 * Convolutions and their two gradients, which jax-js writes as convolutions too.
 *
 * With respect to the image it convolves with the flipped kernel, which is ConvTranspose of the kernel as it lies. With
 * respect to the kernel it convolves with the whole cotangent as kernel, for which ONNX Runtime's Conv is slow: there are
 * few results and long sums, so they are one matrix product over the shifted images.
 */
import type { GraphBuilder } from "../onnx/graph.ts";
import { LoweringError } from "./error.ts";
import { dense } from "./materialise.ts";
import { flipped, inShape, padded, type Range, sliced } from "./movement.ts";
import { integersOf, numberOf, operand, pairsOf, type Site, type Table } from "./site.ts";
import { permute, shapeOf, type View, viewOf } from "./view.ts";
import { offsetsIn } from "./windows.ts";

export const convolutionTable: Table = { conv };

/** Images [rows, groups · channels, ...], kernel [groups · outputs, channels, ...], results [rows, groups · outputs, ...]. */
interface Convolution {
  readonly graph: GraphBuilder;
  readonly x: View;
  readonly kernel: View;
  readonly groups: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  readonly spread: readonly number[];
  readonly dilations: readonly number[];
}

function conv(site: Site): View {
  const grouped = numberOf(site, "vmapDims");
  if (grouped > 1) throw unsupported("convolutions mapped once at most", grouped);
  const strides = integersOf(site, "strides");
  const spread = integersOf(site, "lhsDilation");
  const [images, kernel] = [operand(site, 0), operand(site, 1)];
  const [first = 1, second = 1, third = 1, ...space] = site.shape;
  const whole: Convolution = {
    graph: site.graph,
    ...(grouped === 0 ? { x: images, kernel, groups: 1 } : { ...joined(site.graph, images, kernel), groups: first }),
    shape: grouped === 0 ? site.shape : [second, first * third, ...space],
    strides,
    spread,
    padding: pairsOf(site, "padding"),
    dilations: integersOf(site, "rhsDilation"),
  };
  const unflipped = strides.every((n) => n === 1) ? kernelBeforeFlip(site, grouped) : undefined;
  const result =
    unflipped !== undefined || spread.some((n) => n > 1)
      ? transposed(whole, unflipped)
      : hasWideKernel(whole)
        ? shiftedProduct(whole)
        : direct(whole);
  if (grouped === 0) return result;
  const apart = [second, first, third, ...space];
  return swapped(inShape(site.graph, result, apart));
}

const swapped = (view: View): View => permute(view, [1, 0, ...view.dims.map((_, k) => k).slice(2)]);

/** Groups, the first dimension of images and kernel, folded into their channels and outputs. */
function joined(graph: GraphBuilder, images: View, kernel: View): { x: View; kernel: View } {
  const [groups = 1, rows = 1, channels = 1, ...space] = shapeOf(images);
  const [, outputs = 1, ...rest] = shapeOf(kernel);
  return {
    x: inShape(graph, swapped(images), [rows, groups * channels, ...space]),
    kernel: inShape(graph, kernel, [groups * outputs, ...rest]),
  };
}

/** The kernel that a gradient flips along all its spatial dimensions, in the form [groups, outputs, channels, ...]. */
function kernelBeforeFlip(site: Site, grouped: number): View | undefined {
  const flip = site.definitions.of(site.equation.inputs[1], "flip");
  const source = flip?.inputs[0];
  const space = site.shape.map((_, k) => k).slice(2 + grouped);
  return source !== undefined && String(flip?.params.axis) === String(space) ? site.viewOf(source) : undefined;
}

function direct({ graph, x, kernel, groups, shape, strides, padding, dilations }: Convolution): View {
  const cut = [[0, 0], [0, 0], ...padding.map(([a, b]) => [Math.min(0, a), Math.min(0, b)])] as [number, number][];
  const attributes = {
    kernel_shape: shapeOf(kernel).slice(2),
    strides,
    dilations,
    pads: [...padding.map(([a]) => Math.max(0, a)), ...padding.map(([, b]) => Math.max(0, b))],
    group: groups,
  };
  return viewOf(
    graph.node("Conv", [dense(graph, padded(graph, x, cut)), dense(graph, kernel)], shape, attributes),
    shape,
    "float32",
  );
}

/** @param unflipped the kernel before jax-js flipped it, if it did; in groups */
function transposed(whole: Convolution, unflipped: View | undefined): View {
  const { graph, x, groups, shape, padding, spread, dilations } = whole;
  if (whole.strides.some((n) => n !== 1)) throw unsupported("strides of 1 on a spread image", whole.strides);
  const sizes = shapeOf(whole.kernel);
  const space = sizes.slice(2);
  const turned =
    unflipped ??
    flipped(
      graph,
      whole.kernel,
      space.map((_, k) => k + 2),
    );
  // ConvTranspose wants [groups · channels, outputs, ...].
  const [all = 1, channels = 1] = sizes;
  const apart = inShape(graph, turned, [groups, all / groups, channels, ...space]);
  const order = [0, 2, 1, ...space.map((_, k) => k + 3)];
  const kernel = inShape(graph, permute(apart, order), [groups * channels, all / groups, ...space]);
  const reach = space.map((n, i) => (n - 1) * (dilations[i] ?? 1));
  const before = padding.map(([a], i) => (reach[i] ?? 0) - a);
  const after = padding.map(([, b], i) => (reach[i] ?? 0) - b);
  // What is missing in front is cut off afterwards; behind, ConvTranspose adds it.
  if (before.some((n) => n < 0)) throw unsupported("padding that is narrower than the kernel", padding.flat());
  const attributes = {
    kernel_shape: space,
    strides: spread,
    dilations,
    pads: [...before, ...after.map((n) => Math.max(0, n))],
    output_padding: after.map((n) => Math.max(0, -n)),
    group: groups,
  };
  return viewOf(
    graph.node("ConvTranspose", [dense(graph, x), dense(graph, kernel)], shape, attributes),
    shape,
    "float32",
  );
}

/** A gradient with respect to a kernel: more is summed over than there are results. */
function hasWideKernel({ kernel, shape, groups }: Convolution): boolean {
  const places = product(shape.slice(2));
  return groups === 1 && places <= MOST_SHIFTS && product(shapeOf(kernel).slice(2)) > places;
}

const MOST_SHIFTS = 64;
const product = (shape: readonly number[]): number => shape.reduce((total, n) => total * n, 1);

/**
 * out[c, o, p] = Σ over b and k of x[c, b, p + k] · kernel[o, b, k]. Here c counts the channels of the image, b the rows of
 * the batch, and k the places of the cotangent, which is the kernel.
 */
function shiftedProduct({ graph, x, kernel, shape, strides, padding, dilations }: Convolution): View {
  const [channels = 1, outputs = 1, ...places] = shape;
  const [, rows = 1, ...size] = shapeOf(kernel);
  const length = product(size);
  const count = product(places);
  const images = padded(graph, swapped(x), [[0, 0], [0, 0], ...padding]);
  const parts = offsetsIn(places).map((offset) => {
    const ranges = size.map((n, i): Range => {
      const [start, step] = [(offset[i] ?? 0) * (strides[i] ?? 1), dilations[i] ?? 1];
      return [start, start + (n - 1) * step + 1, step];
    });
    const part = sliced(graph, images, [[0, rows], [0, channels], ...ranges]);
    return graph.reshape(dense(graph, part), [rows, channels, length]);
  });
  const shifted = graph.node("Concat", parts, [rows, count * channels, length], { axis: 1 });
  const cotangent = graph.reshape(dense(graph, swapped(kernel)), [rows, outputs, length]);
  const turned = graph.node("Transpose", [cotangent], [rows, length, outputs], { perm: [0, 2, 1] });
  const products = graph.node("MatMul", [shifted, turned], [rows, count * channels, outputs]);
  const sums = graph.node("ReduceSum", [products, graph.integers([0])], [count * channels, outputs], { keepdims: 0 });
  const view = viewOf(graph.reshape(sums, [...places, channels, outputs]), [...places, channels, outputs], "float32");
  const n = places.length;
  return permute(view, [n, n + 1, ...places.map((_, i) => i)]);
}

const unsupported = (expected: string, got: unknown): LoweringError =>
  new LoweringError("primitive conv", { expected, got, hint: "Choose the jax engine for this model." });
