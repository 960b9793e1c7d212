/**
 * Primitives that move entries: most only rearrange the axes of a view; the rest copy.
 */
import type { GraphBuilder } from "../onnx/graph.ts";
import { cast } from "./broadcasting.ts";
import { dense } from "./materialise.ts";
import { integersOf, operand, pairsOf, type Site, type Table } from "./site.ts";
import { broadcastTo, permute, reshaped, shapeOf, type View, viewOf } from "./view.ts";

export const movementTable: Table = {
  transpose: (site) => permute(operand(site, 0), integersOf(site, "perm")),
  broadcast: (site) => broadcastTo(operand(site, 0), site.shape, integersOf(site, "axis")),
  reshape: (site) => inShape(site.graph, operand(site, 0), site.shape),
  shrink: (site) => sliced(site.graph, operand(site, 0), pairsOf(site, "slice")),
  pad: (site) => padded(site.graph, operand(site, 0), pairsOf(site, "width")),
  flip: (site) => flipped(site.graph, operand(site, 0), integersOf(site, "axis")),
  concatenate,
  split,
};

/** The view under another shape, written out where its axes cannot be cut so. */
export const inShape = (graph: GraphBuilder, view: View, shape: readonly number[]): View =>
  reshaped(view, shape) ?? viewOf(graph.reshape(dense(graph, view), shape), shape, view.dtype);

/** What a slice keeps of one dimension: entries start, start + step, … below end. */
export type Range = readonly [start: number, end: number, step?: number];

/** The entries in a range of every dimension. */
export function sliced(graph: GraphBuilder, x: View, ranges: readonly Range[]): View {
  const full = shapeOf(x);
  const axes = ranges.flatMap(([start, end, step = 1], k) => (start === 0 && end === full[k] && step === 1 ? [] : [k]));
  if (axes.length === 0) return x;
  const shape = ranges.map(([start, end, step = 1]) => Math.ceil((end - start) / step));
  const pick = (of: (range: Range) => number) => graph.integers(axes.map((k) => of(ranges[k] ?? [0, 0])));
  const inputs = [dense(graph, x), pick(([start]) => start), pick(([, end]) => end), graph.integers(axes)];
  const steps = ranges.some(([, , step = 1]) => step !== 1) ? [pick(([, , step = 1]) => step)] : [];
  return viewOf(graph.node("Slice", [...inputs, ...steps], shape), shape, x.dtype);
}

/** Zeros around a view; a negative width cuts entries off. */
export function padded(graph: GraphBuilder, x: View, widths: readonly (readonly [number, number])[]): View {
  const kept = sliced(
    graph,
    x,
    shapeOf(x).map((n, k) => [Math.max(0, -(widths[k]?.[0] ?? 0)), n + Math.min(0, widths[k]?.[1] ?? 0)] as const),
  );
  const before = widths.map(([n]) => Math.max(0, n));
  const after = widths.map(([, n]) => Math.max(0, n));
  if ([...before, ...after].every((n) => n === 0)) return kept;
  const shape = shapeOf(kept).map((n, k) => n + (before[k] ?? 0) + (after[k] ?? 0));
  const inputs = [dense(graph, kept), graph.integers([...before, ...after]), graph.scalar(x.dtype, 0)];
  return viewOf(graph.node("Pad", inputs, shape), shape, x.dtype);
}

/** The view with zeros behind it, up to a shape. */
export const widenedTo = (graph: GraphBuilder, view: View, shape: readonly number[]): View =>
  padded(
    graph,
    view,
    shapeOf(view).map((n, k) => [0, (shape[k] ?? n) - n] as const),
  );

/** The view read backwards along some dimensions. */
export function flipped(graph: GraphBuilder, x: View, axes: readonly number[]): View {
  const every = (n: number) => graph.integers(axes.map(() => n));
  const beforeFirst = -(2 ** 31); // Slice runs backwards to before entry 0
  const shape = shapeOf(x);
  const inputs = [dense(graph, x), every(-1), every(beforeFirst), graph.integers(axes), every(-1)];
  return viewOf(graph.node("Slice", inputs, shape), shape, x.dtype);
}

function concatenate(site: Site): View {
  const [axis = 0] = integersOf(site, "axis");
  const parts = site.inputs.map((view) => dense(site.graph, cast(site.graph, view, site.dtype)));
  return viewOf(site.graph.node("Concat", parts, site.shape, { axis }), site.shape, site.dtype);
}

function split(site: Site): readonly View[] {
  const { graph } = site;
  const [axis = 0] = integersOf(site, "axis");
  const sizes = integersOf(site, "sizes");
  const shapes = sizes.map((size) => site.shape.map((n, k) => (k === axis ? size : n)));
  const names = graph.nodes("Split", [dense(graph, operand(site, 0)), graph.integers(sizes)], shapes, { axis });
  return names.map((name, i) => viewOf(name, shapes[i] ?? [], site.dtype));
}
