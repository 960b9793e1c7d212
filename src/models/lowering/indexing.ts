/**
 * Gathering entries at indices, and its gradient, scattering: sums of entries that go to the same place.
 *
 * Several index arrays are folded into one, i·n + j, over one dimension of the product's size; indices lie in range.
 * Nothing here emits ScatterND with addition: on several threads ONNX Runtime loses some of its sums.
 */
import type { GraphBuilder } from "../onnx/graph.ts";
import { binary, cast } from "./broadcasting.ts";
import { LoweringError } from "./error.ts";
import { dense } from "./materialise.ts";
import { integersOf, numberOf, operand, type Site, type Table, wordOf } from "./site.ts";
import { literal, permute, shapeOf, stretched, type View, viewOf } from "./view.ts";

export const indexingTable: Table = { gather, scatter };

const product = (shape: readonly number[]): number => shape.reduce((total, n) => total * n, 1);

/** Up to so many entries of a one-hot matrix, a matrix product sums rows faster than ScatterElements. */
const ONE_HOT_ENTRIES = 2 ** 22;

/** One-hot vectors are rows gathered from a unit matrix. */
function gather(site: Site): View {
  const { graph } = site;
  const x = operand(site, 0);
  const { axes, outDim } = placesOf(site);
  const { indices, shape: picked } = foldedIndices(
    site,
    axes.map((k) => shapeOf(x)[k] ?? 1),
  );
  const [first = 0] = axes;
  const inPlace = axes.every((k, i) => k === first + i);
  // The indexed dimensions side by side, then as one.
  const source = inPlace ? x : permute(x, [...axes, ...others(x.dims.length, axes)]);
  const axis = inPlace ? first : 0;
  const full = shapeOf(source);
  const folded = [
    ...full.slice(0, axis),
    product(full.slice(axis, axis + axes.length)),
    ...full.slice(axis + axes.length),
  ];
  const rows = graph.reshape(dense(graph, source), folded);
  const shape = [...folded.slice(0, axis), ...picked, ...folded.slice(axis + 1)];
  const view = viewOf(graph.node("Gather", [rows, dense(graph, indices)], shape, { axis }), shape, x.dtype);
  // The dimensions of the indices stand at `axis` and belong at `outDim`.
  const order = shape.map((_, k) => k);
  order.splice(outDim, 0, ...order.splice(axis, picked.length));
  return permute(view, order);
}

/** Adds slices of the first operand up at the places that the others name; 0 where there is none. */
function scatter(site: Site): View {
  const { graph } = site;
  const op = wordOf(site, "op");
  if (op !== "add") throw new LoweringError("primitive scatter", { expected: "add", got: op });
  const updates = cast(graph, operand(site, 0), "float32");
  const { axes, outDim } = placesOf(site);
  const sizes = axes.map((k) => site.shape[k] ?? 1);
  const { indices, shape: picked } = foldedIndices(site, sizes);
  const rest = others(site.shape.length, axes);
  // Slices first to last: [indices, other dimensions].
  const order = updates.dims.map((_, k) => k);
  const slices = permute(updates, [...order.splice(outDim, picked.length), ...order]);
  const [count, places] = [product(picked), product(sizes)];
  const width = product(rest.map((k) => site.shape[k] ?? 1));
  const rows = graph.reshape(dense(graph, slices), [count, width]);
  const flat = graph.reshape(dense(graph, indices), [count]);
  const sums =
    count * places <= ONE_HOT_ENTRIES
      ? summedByProduct(graph, rows, flat, count, places, width)
      : summedInPlace(graph, rows, flat, count, places, width);
  const moved = [...sizes, ...rest.map((k) => site.shape[k] ?? 1)];
  const view = viewOf(graph.reshape(sums, moved), moved, "float32");
  return permute(
    view,
    site.shape.map((_, k) => (axes.includes(k) ? axes.indexOf(k) : axes.length + rest.indexOf(k))),
  );
}

/** One-hot(indices)ᵀ · rows: one order of summation, whatever the threads. */
function summedByProduct(
  graph: GraphBuilder,
  rows: string,
  indices: string,
  count: number,
  places: number,
  width: number,
): string {
  const depth = graph.constant("int64", [1], BigInt64Array.of(BigInt(places)));
  const hot = graph.node(
    "OneHot",
    [indices, depth, graph.constant("float32", [2], Float32Array.of(0, 1))],
    [count, places],
  );
  return graph.node("Gemm", [hot, rows], [places, width], { transA: 1 });
}

function summedInPlace(
  graph: GraphBuilder,
  rows: string,
  indices: string,
  count: number,
  places: number,
  width: number,
): string {
  const zeros = graph.node("Expand", [graph.scalar("float32", 0), graph.integers([places, width])], [places, width]);
  const tall = graph.reshape(indices, [count, 1]);
  const wide = graph.node("Expand", [tall, graph.integers([count, width])], [count, width]);
  return graph.node("ScatterElements", [zeros, wide, rows], [places, width], { axis: 0, reduction: "add" });
}

const placesOf = (site: Site): { axes: readonly number[]; outDim: number } => ({
  axes: integersOf(site, "axis"),
  outDim: numberOf(site, "outDim"),
});

const others = (rank: number, axes: readonly number[]): number[] =>
  Array.from({ length: rank }, (_, k) => k).filter((k) => !axes.includes(k));

/** The index arrays as one, of their common shape. @param sizes of the dimensions that they index */
function foldedIndices(site: Site, sizes: readonly number[]): { indices: View; shape: readonly number[] } {
  const { graph } = site;
  const arrays = sizes.map((_, i) => cast(graph, operand(site, i + 1), "int64"));
  const rank = Math.max(...arrays.map((view) => view.dims.length));
  const shape = Array.from({ length: rank }, (_, k) =>
    Math.max(...arrays.map((view) => shapeOf(view).at(k - rank) ?? 1)),
  );
  const indices = arrays.reduce((folded, array, i) => {
    const scaled = binary(graph, "Mul", folded, literal(sizes[i] ?? 1, [], "int64"));
    return binary(graph, "Add", scaled, array);
  });
  return { indices: stretched(indices, shape), shape };
}
