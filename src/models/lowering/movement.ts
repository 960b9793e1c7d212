/**
 * Primitives that move entries: most only rearrange the axes of a view; the rest copy.
 */
import type { GraphBuilder } from "../onnx/graph.ts";
import { cast } from "./broadcasting.ts";
import { dense } from "./materialise.ts";
import { integersOf, malformed, operand, pairsOf, type Site, type Table } from "./site.ts";
import { broadcastTo, permute, reshaped, shapeOf, type View, viewOf } from "./view.ts";

export const movementTable: Table = {
  transpose: (site) => permute(operand(site, 0), integersOf(site, "perm")),
  broadcast: (site) => broadcastTo(operand(site, 0), site.shape, integersOf(site, "axis")),
  reshape,
  shrink: (site) => {
    const slice = pairsOf(site, "slice");
    return sliced(site.graph, operand(site, 0), slice);
  },
  pad,
  flip,
  concatenate,
  split,
  gather,
};

function reshape(site: Site): View {
  const x = operand(site, 0);
  const view = reshaped(x, site.shape);
  if (view !== undefined) return view;
  return viewOf(site.graph.reshape(dense(site.graph, x), site.shape), site.shape, x.dtype);
}

/** Entries from start to end (exclusive) of every dimension. */
function sliced(graph: GraphBuilder, x: View, bounds: readonly (readonly [number, number])[]): View {
  const full = shapeOf(x);
  const axes = bounds.flatMap(([start, end], k) => (start === 0 && end === full[k] ? [] : [k]));
  if (axes.length === 0) return x;
  const shape = bounds.map(([start, end]) => end - start);
  const pick = (side: 0 | 1) => graph.integers(axes.map((k) => bounds[k]?.[side] ?? 0));
  const name = graph.node("Slice", [dense(graph, x), pick(0), pick(1), graph.integers(axes)], shape);
  return viewOf(name, shape, x.dtype);
}

/** Zeros around a view; a negative width cuts entries off. */
function pad(site: Site): View {
  const { graph } = site;
  const x = operand(site, 0);
  const widths = pairsOf(site, "width");
  const inner = shapeOf(x).map(
    (n, k) => [Math.max(0, -(widths[k]?.[0] ?? 0)), n + Math.min(0, widths[k]?.[1] ?? 0)] as const,
  );
  const kept = sliced(graph, x, inner);
  const before = widths.map(([n]) => Math.max(0, n));
  const after = widths.map(([, n]) => Math.max(0, n));
  if ([...before, ...after].every((n) => n === 0)) return kept;
  const inputs = [dense(graph, kept), graph.integers([...before, ...after]), graph.scalar(x.dtype, 0)];
  return viewOf(graph.node("Pad", inputs, site.shape), site.shape, x.dtype);
}

function flip(site: Site): View {
  const { graph } = site;
  const x = operand(site, 0);
  const axes = integersOf(site, "axis");
  const every = (n: number) => graph.integers(axes.map(() => n));
  const beforeFirst = -(2 ** 31); // Slice runs backwards to before entry 0
  const inputs = [dense(graph, x), every(-1), every(beforeFirst), graph.integers(axes), every(-1)];
  return viewOf(graph.node("Slice", inputs, site.shape), site.shape, x.dtype);
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

/** Entries at indices along one dimension; one-hot vectors are rows gathered from a unit matrix. */
function gather(site: Site): View {
  const { graph } = site;
  const [axis, second] = integersOf(site, "axis");
  const [outDim = 0] = integersOf(site, "outDim");
  if (axis === undefined || second !== undefined) throw malformed(site, "one index array", integersOf(site, "axis"));
  const [x, indices] = [operand(site, 0), operand(site, 1)];
  const [full, picked] = [shapeOf(x), shapeOf(indices)];
  const shape = [...full.slice(0, axis), ...picked, ...full.slice(axis + 1)];
  const whole = dense(graph, cast(graph, indices, "int32"));
  const view = viewOf(graph.node("Gather", [dense(graph, x), whole], shape, { axis }), shape, x.dtype);
  // The dimensions of the indices stand at `axis` and belong at `outDim`.
  const order = shape.map((_, k) => k);
  order.splice(outDim, 0, ...order.splice(axis, picked.length));
  return permute(view, order);
}
