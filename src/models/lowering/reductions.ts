/**
 * Reductions over dimensions of a view.
 */

import type { GraphBuilder } from "../onnx/graph.ts";
import { type Axis, sizeOf } from "./axis.ts";
import { binary, cast } from "./broadcasting.ts";
import { LoweringError } from "./error.ts";
import { densified, settle } from "./materialise.ts";
import { pooledReduction } from "./max-pool.ts";
import { integersOf, operand, type Site, type Table, wordOf } from "./site.ts";
import { isNothing, literal, nothing, type View } from "./view.ts";

const NODES = { Add: "ReduceSum", Mul: "ReduceProd", Max: "ReduceMax", Min: "ReduceMin" } as const;
type Reduction = keyof typeof NODES;

export const reductionsTable: Table = { reduce };

function reduce(site: Site): View {
  const op = reductionOf(wordOf(site, "op"));
  const x = operand(site, 0);
  if (isNothing(x)) return nothing(site.shape, site.dtype);
  const pooled = pooledReduction(site, op);
  if (pooled !== undefined) return pooled;
  const dims = new Set(integersOf(site, "axis"));
  if (x.dtype !== "bool") return reduced(site.graph, x, op, dims);
  // Booleans are counted as 0 and 1.
  return cast(site.graph, reduced(site.graph, cast(site.graph, x, "int32"), op, dims), "bool");
}

function reductionOf(word: string): Reduction {
  if (word in NODES) return word as Reduction; // just tested
  throw new LoweringError("primitive reduce", { expected: Object.keys(NODES).join(", "), got: word });
}

/** Folds the given dimensions of a view away. */
function reduced(graph: GraphBuilder, view: View, op: Reduction, dims: ReadonlySet<number>): View {
  const over = view.dims.filter((_, k) => dims.has(k)).flat();
  if (op === "Mul" && over.some((axis) => axis.broadcast)) return reduced(graph, densified(graph, view), op, dims);
  const left = { ...view, dims: view.dims.filter((_, k) => !dims.has(k)) };
  const folded = foldMemory(graph, left, op, new Set(over.filter((axis) => !axis.broadcast)));
  const repeats = sizeOf(over.filter((axis) => axis.broadcast));
  if (op !== "Add" || repeats === 1) return folded;
  return binary(graph, "Mul", folded, literal(repeats, [], folded.dtype));
}

/** Sums axes in memory away; `view` no longer lists them in its dimensions. */
export const sumAxes = (graph: GraphBuilder, view: View, over: readonly Axis[]): View =>
  foldMemory(graph, view, "Add", new Set(over));

function foldMemory(graph: GraphBuilder, view: View, op: Reduction, over: ReadonlySet<Axis>): View {
  if (over.size === 0) return view;
  const settled = settle(view, view.memory);
  // Neighbours in memory that are folded, or kept, together count as one axis.
  const runs: Axis[][] = [];
  for (const axis of settled.memory) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && over.has(run[0]) === over.has(axis)) run.push(axis);
    else runs.push([axis]);
  }
  const isFolded = (run: readonly Axis[]): boolean => run[0] !== undefined && over.has(run[0]);
  const source = settled.source.kind === "tensor" ? settled.source.name : undefined;
  if (source === undefined) return view;
  const grouped = graph.reshape(source, runs.map(sizeOf));
  const axes = runs.flatMap((run, i) => (isFolded(run) ? [i] : []));
  const shape = runs.filter((run) => !isFolded(run)).map(sizeOf);
  const name = graph.node(NODES[op], [grouped, graph.integers(axes)], shape, { keepdims: 0 });
  const memory = settled.memory.filter((axis) => !over.has(axis));
  return { dtype: view.dtype, source: { kind: "tensor", name }, memory, dims: settled.dims };
}
