/**
 * From views to tensors: the only place where movement becomes nodes.
 */
import { assert } from "../../base/errors.ts";
import type { GraphBuilder } from "../onnx/graph.ts";
import { type Axis, sizeOf } from "./axis.ts";
import { literalValue, shapeOf, type View, viewOf } from "./view.ts";

/** The view with a pending product settled, in the order of `wanted` if it is the first use. */
export function settle(view: View, wanted: readonly Axis[] = view.dims.flat()): View {
  if (view.source.kind !== "product") return view;
  const { name, swapped } = view.source.product.settle(wanted);
  const side = (which: Axis["side"]) => view.memory.filter((axis) => axis.side === which);
  const memory = swapped ? [...side("batch"), ...side("right"), ...side("left")] : view.memory;
  return { ...view, source: { kind: "tensor", name }, memory };
}

/**
 * A tensor whose entries lie in the order of `order` (broadcast axes in it are passed over). Its shape is any that
 * spans them; callers reshape it.
 */
export function inOrder(graph: GraphBuilder, unsettled: View, order: readonly Axis[]): string {
  const value = literalValue(unsettled);
  if (value !== undefined) return graph.scalar(unsettled.dtype, value);
  const view = settle(unsettled, order);
  assert(view.source.kind === "tensor", "a settled view reads a tensor");
  const wanted = order.filter((axis) => !axis.broadcast);
  const places = wanted.map((axis) => view.memory.indexOf(axis));
  assert(places.length === view.memory.length && !places.includes(-1), "the order names every axis in memory once");
  const runs = runsOf(places);
  if (runs.length <= 1) return view.source.name;
  // Each run of neighbours moves as one axis, so that the transposition has as few axes as can be.
  const inMemory = [...runs].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  const sizes = inMemory.map((run) => sizeOf(run.flatMap((place) => view.memory[place] ?? [])));
  const perm = runs.map((run) => inMemory.indexOf(run));
  const grouped = graph.reshape(view.source.name, sizes);
  return graph.node(
    "Transpose",
    [grouped],
    perm.map((i) => sizes[i] ?? 1),
    { perm },
  );
}

/** A tensor with the logical shape of the view, broadcasts written out. */
export function dense(graph: GraphBuilder, view: View): string {
  const axes = view.dims.flat();
  const shape = shapeOf(view);
  const name = inOrder(graph, view, axes);
  if (view.source.kind === "literal") return shape.length === 0 ? name : expand(graph, name, shape);
  if (!axes.some((axis) => axis.broadcast)) return graph.reshape(name, shape);
  const sizes = axes.map((axis) => axis.size);
  const thin = graph.reshape(
    name,
    axes.map((axis) => (axis.broadcast ? 1 : axis.size)),
  );
  return graph.reshape(expand(graph, thin, sizes), shape);
}

const expand = (graph: GraphBuilder, name: string, shape: readonly number[]): string =>
  graph.node("Expand", [name, graph.integers(shape)], shape);

/** The view written out, so that every dimension is one axis in memory. */
export const densified = (graph: GraphBuilder, view: View): View =>
  viewOf(dense(graph, view), shapeOf(view), view.dtype);

/** Runs of consecutive rising numbers: 2 3 0 1 gives [2 3] [0 1]. */
function runsOf(places: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const place of places) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === place - 1) run.push(place);
    else runs.push([place]);
  }
  return runs;
}
