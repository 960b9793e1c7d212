/**
 * Element-wise nodes over views: operands are lined up axis by axis, so that only those whose memory order differs from
 * the largest operand's are moved, and axes that all operands merely repeat stay repeated in the result.
 */
import { assert } from "../../base/errors.ts";
import { ELEMENT_TYPE } from "../onnx/encode.ts";
import type { DType, GraphBuilder } from "../onnx/graph.ts";
import { type Axis, axis, sizeOf } from "./axis.ts";
import { densified, inOrder, settle } from "./materialise.ts";
import { aligned, lift, literal, literalValue, shapeOf, type View } from "./view.ts";

/** One atomic axis of the result: its size, its dimension, and the axis of each operand that has it in memory. */
interface Factor {
  readonly dim: number;
  readonly size: number;
  readonly axes: readonly (Axis | undefined)[];
}

/** Adds a node over operands of shapes that broadcast together. @param emit makes it, for results of the given shape */
export function elementwise(
  graph: GraphBuilder,
  operands: readonly View[],
  dtype: DType,
  emit: (names: readonly string[], shape: readonly number[]) => string,
): View {
  const rank = Math.max(...operands.map((view) => view.dims.length));
  const lined = lineUp(graph, operands, rank);
  const factors = factorsOf(lined, rank);
  const live = factors.filter((factor) => factor.axes.some((a) => a !== undefined));
  const views = lined.map((view, i) => settle(view, axesOf(live, i)));
  const order = memoryOrder(views, live);
  const { names, shape } = inCommonShape(graph, views, order);
  const name = emit(names, shape);

  const results = new Map(factors.map((factor) => [factor, axis(factor.size, !live.includes(factor))]));
  const take = (some: readonly Factor[]): Axis[] => some.flatMap((factor) => results.get(factor) ?? []);
  return {
    dtype,
    source: { kind: "tensor", name },
    memory: take(order),
    dims: Array.from({ length: rank }, (_, k) => take(factors.filter((factor) => factor.dim === k))),
  };
}

/** A node of one operand that keeps its shape. */
export const unary = (graph: GraphBuilder, op: string, x: View, dtype: DType = x.dtype): View =>
  elementwise(graph, [x], dtype, (names, shape) => graph.node(op, names, shape));

/** A node of two operands of one type. */
export const binary = (graph: GraphBuilder, op: string, x: View, y: View, dtype: DType = x.dtype): View =>
  elementwise(graph, [x, y], dtype, (names, shape) => graph.node(op, names, shape));

/** The view with entries of another type. */
export function cast(graph: GraphBuilder, view: View, dtype: DType): View {
  if (view.dtype === dtype) return view;
  const value = literalValue(view);
  if (value !== undefined) return literal(converted(value, dtype), shapeOf(view), dtype);
  return elementwise(graph, [view], dtype, (names, shape) =>
    graph.node("Cast", names, shape, { to: ELEMENT_TYPE[dtype] }),
  );
}

function converted(value: number, dtype: DType): number {
  if (dtype === "bool") return value === 0 ? 0 : 1;
  return dtype === "float32" ? value : Math.trunc(value);
}

/** Operands of equal rank whose axes agree; one written out where its cuts do not nest with the others'. */
export function lineUp(graph: GraphBuilder, operands: readonly View[], rank: number): readonly View[] {
  const lifted = operands.map((view) => lift(view, rank));
  const views = aligned(lifted) ?? aligned(lifted.map((view) => densified(graph, view)));
  assert(views !== undefined, "written out, operands of shapes that broadcast always line up");
  return views;
}

function factorsOf(views: readonly View[], rank: number): Factor[] {
  return Array.from({ length: rank }, (_, dim) => {
    const lists = views.map((view) => view.dims[dim] ?? []);
    const pattern = lists.find((list) => list.length > 0) ?? [];
    return pattern.map(({ size }, j) => ({ dim, size, axes: lists.map((list) => inMemory(list[j])) }));
  }).flat();
}

const inMemory = (a: Axis | undefined): Axis | undefined => (a === undefined || a.broadcast ? undefined : a);

const axesOf = (factors: readonly Factor[], operand: number): Axis[] =>
  factors.flatMap((factor) => factor.axes[operand] ?? []);

/** The order that the largest operand has in memory, if it spans the result; else the logical one. */
function memoryOrder(views: readonly View[], live: readonly Factor[]): readonly Factor[] {
  const sizes = views.map((view) => (view.source.kind === "tensor" ? sizeOf(view.memory) : -1));
  const leader = sizes.indexOf(Math.max(...sizes));
  const memory = views[leader]?.memory ?? [];
  const place = (factor: Factor): number => {
    const own = factor.axes[leader];
    return own === undefined ? -1 : memory.indexOf(own);
  };
  return live.some((factor) => place(factor) < 0) ? live : [...live].sort((a, b) => place(a) - place(b));
}

/** The operands as tensors in one order, with shapes that ONNX broadcasts; neighbours that behave alike are one axis. */
function inCommonShape(
  graph: GraphBuilder,
  views: readonly View[],
  order: readonly Factor[],
): { names: readonly string[]; shape: readonly number[] } {
  const names = views.map((view, i) => inOrder(graph, view, axesOf(order, i)));
  const full = views.every((view, i) => view.source.kind === "literal" || axesOf(order, i).length === order.length);
  const shapes = names.filter((_, i) => views[i]?.source.kind !== "literal").map((name) => graph.shapeOf(name));
  const first = shapes[0] ?? [];
  if (full && shapes.every((shape) => String(shape) === String(first))) return { names, shape: first };

  const groups: Factor[][] = [];
  for (const factor of order) {
    const group = groups.at(-1);
    const alike = group?.[0]?.axes.every((a, i) => (a === undefined) === (factor.axes[i] === undefined));
    if (group !== undefined && alike === true) group.push(factor);
    else groups.push([factor]);
  }
  const shape = groups.map((group) => group.reduce((total, { size }) => total * size, 1));
  const reshapedNames = names.map((name, i) => {
    if (views[i]?.source.kind === "literal") return name;
    const own = groups.map((group, g) => (group[0]?.axes[i] === undefined ? 1 : (shape[g] ?? 1)));
    const leading = own.findIndex((n) => n !== 1);
    return graph.reshape(name, leading < 0 ? [] : own.slice(leading));
  });
  return { names: reshapedNames, shape };
}
