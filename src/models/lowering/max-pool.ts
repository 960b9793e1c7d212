/**
 * The maximum over windows of an image, and its gradient.
 *
 * jax-js shares a cotangent equally among the entries of a window that equal its maximum. The same is computed here with
 * MaxPool without indices, and two enlargements: about half the time of MaxPool with indices and a scatter.
 */

import { ELEMENT_TYPE } from "../onnx/encode.ts";
import type { GraphBuilder } from "../onnx/graph.ts";
import type { Atom, Equation } from "./jaxpr.ts";
import { dense } from "./materialise.ts";
import { type Range, sliced, widenedTo } from "./movement.ts";
import { integersOf, type Site } from "./site.ts";
import { type View, viewOf } from "./view.ts";

/** The reduction as MaxPool or AveragePool, if it folds the windows of a `pool` over images [rows, channels, height, width]. */
export function pooledReduction(site: Site, op: string): View | undefined {
  const { graph, shape, equation } = site;
  const pool = site.definitions.of(equation.inputs[0], "pool");
  const window = pool === undefined ? [] : listOf(pool, "window");
  const [image] = pool?.inputs ?? [];
  if (pool === undefined || image === undefined || !isImageWindow(image, window)) return undefined;
  if (String(integersOf(site, "axis")) !== "4,5") return undefined;
  const x = dense(graph, site.viewOf(image));
  const attributes = { kernel_shape: window, strides: listOf(pool, "strides") };
  if (op === "Max") return viewOf(graph.node("MaxPool", [x], shape, attributes), shape, site.dtype);
  if (op !== "Add") return undefined;
  const count = (window[0] ?? 1) * (window[1] ?? 1);
  const mean = graph.node("AveragePool", [x], shape, attributes);
  return viewOf(graph.node("Mul", [mean, graph.scalar("float32", count)], shape), shape, site.dtype);
}

/**
 * The gradient where(pool(x) ≠ max, 0, g / ties), spread over the windows, as mask · enlarged(g / ties).
 * @param window of a `pool_transpose` whose windows do not overlap
 */
export function maxPoolGradient(site: Site, window: readonly number[]): View | undefined {
  const { graph } = site;
  const found = patternOf(site);
  if (found === undefined || !isImageWindow(found.image, window)) return undefined;
  const places = found.maximum.aval.shape;
  const full = found.image.aval.shape;
  const inner = full.map((n, k) => (k < 2 ? n : (places[k] ?? 1) * (window[k - 2] ?? 1)));
  const x = dense(
    graph,
    sliced(
      graph,
      site.viewOf(found.image),
      inner.map((n): Range => [0, n]),
    ),
  );
  const enlarge = (name: string) => enlarged(graph, name, inner, window);
  const equal = graph.node("Equal", [x, enlarge(dense(graph, site.viewOf(found.maximum)))], inner);
  const mask = graph.node("Cast", [equal], inner, { to: ELEMENT_TYPE.float32 });
  const attributes = { kernel_shape: window, strides: window };
  const share = graph.node("AveragePool", [mask], places, attributes); // ties over the size of the window
  const count = graph.scalar("float32", 1 / ((window[0] ?? 1) * (window[1] ?? 1)));
  const cotangent = dense(graph, site.viewOf(found.cotangent));
  const divided = graph.node("Mul", [graph.node("Div", [cotangent, share], places), count], places);
  const spread = viewOf(graph.node("Mul", [mask, enlarge(divided)], inner), inner, site.dtype);
  return widenedTo(graph, spread, full);
}

interface Pattern {
  readonly image: Atom;
  readonly maximum: Atom;
  readonly cotangent: Atom;
}

/** where(compare(pool(image), broadcast(maximum)), 0, broadcast(cotangent · reciprocal(ties))) */
function patternOf(site: Site): Pattern | undefined {
  const { definitions, equation } = site;
  const choice = definitions.of(equation.inputs[0], "where");
  const comparison = definitions.of(choice?.inputs[0], "compare");
  const pool = definitions.of(comparison?.inputs[0], "pool");
  const maximum = definitions.of(comparison?.inputs[1], "broadcast")?.inputs[0];
  const isMaximum = definitions.of(maximum, "reduce")?.params.op === "Max";
  const scaled = definitions.of(definitions.of(choice?.inputs[2], "broadcast")?.inputs[0], "mul");
  const cotangent = scaled?.inputs.find((_, i) => definitions.of(scaled.inputs[1 - i], "reciprocal") !== undefined);
  const image = pool?.inputs[0];
  if (comparison?.params.op !== "not_equal" || choice?.inputs[1]?.value !== 0 || !isMaximum) return undefined;
  if (image === undefined || maximum === undefined || cotangent === undefined) return undefined;
  return { image, maximum, cotangent };
}

const isImageWindow = (image: Atom, window: readonly number[]): boolean =>
  image.aval.shape.length === 4 && image.aval.dtype === "float32" && window.length === 2;

const listOf = (equation: Equation, name: string): readonly number[] => {
  const value = equation.params[name];
  return Array.isArray(value) ? value : [];
};

/** Every entry repeated over its window. */
function enlarged(graph: GraphBuilder, name: string, shape: readonly number[], window: readonly number[]): string {
  const scales = graph.constant("float32", [4], Float32Array.of(1, 1, ...window));
  const attributes = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  return graph.node("Resize", [name, "", scales], shape, attributes);
}
