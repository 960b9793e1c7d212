/**
 * The primitive `dot`, sum(x · y) over the last dimension with NumPy broadcasting, as one matrix product.
 *
 * Every axis falls into one of four classes: K is summed over, both operands have batch axes, and only the left or the
 * right operand has the others. Gemm takes operands transposed or not, so those that lie as K × M need no moving.
 */
import { assert } from "../../base/errors.ts";
import type { GraphBuilder } from "../onnx/graph.ts";
import { type Axis, axis, type Side, sizeOf } from "./axis.ts";
import { binary, cast, lineUp } from "./broadcasting.ts";
import { inOrder, settle } from "./materialise.ts";
import { Product } from "./product.ts";
import { sumAxes } from "./reductions.ts";
import { operand, type Site, type Table } from "./site.ts";
import { isNothing, literal, nothing, type View } from "./view.ts";

export const dotsTable: Table = { dot };

function dot(site: Site): View {
  const { graph } = site;
  const operands = [0, 1].map((i) => cast(graph, operand(site, i), site.dtype));
  if (operands.some(isNothing)) return nothing(site.shape, site.dtype);
  const rank = Math.max(...operands.map((view) => view.dims.length));
  const [x, y] = lineUp(graph, operands, rank);
  assert(x !== undefined && y !== undefined, "dot has two operands");

  // What only one operand has along the last dimension is summed before they meet; what none has repeats the result.
  const last = rank - 1;
  const [alongX, alongY] = [x.dims[last] ?? [], y.dims[last] ?? []];
  const pairs = Array.from(alongX.length > 0 ? alongX : alongY, ({ size }, j) => {
    return { size, a: inMemory(alongX[j]), b: inMemory(alongY[j]) };
  });
  const onlyX = pairs.flatMap(({ a, b }) => (a !== undefined && b === undefined ? [a] : []));
  const onlyY = pairs.flatMap(({ a, b }) => (a === undefined && b !== undefined ? [b] : []));
  const k = pairs.flatMap(({ a, b }) => (a !== undefined && b !== undefined ? [[a, b] as const] : []));
  const repeats = pairs.reduce((n, { size, a, b }) => (a === undefined && b === undefined ? n * size : n), 1);
  const left = sumAxes(graph, { ...x, dims: x.dims.slice(0, last) }, onlyX);
  const right = sumAxes(graph, { ...y, dims: y.dims.slice(0, last) }, onlyY);
  const product = k.length === 0 ? binary(graph, "Mul", left, right) : matrixProduct(graph, left, right, k);
  return repeats === 1 ? product : binary(graph, "Mul", product, literal(repeats, [], product.dtype));
}

type Pair = readonly [left: Axis, right: Axis];

/** @param k the axes that both operands are summed over; their dimensions no longer list them */
function matrixProduct(graph: GraphBuilder, x: View, y: View, k: readonly Pair[]): View {
  const left = settle(x, [...x.dims.flat(), ...k.map(([a]) => a)]);
  const right = settle(y, [...y.dims.flat(), ...k.map(([, b]) => b)]);
  const rank = Math.max(left.dims.length, right.dims.length);
  const batch: Pair[] = [];
  const rows: Axis[] = [];
  const columns: Axis[] = [];
  const results = new Map<Axis, Axis>(); // axis of an operand → axis of the result
  const result = (from: Axis, side: Side, broadcast = false): Axis => {
    const own = axis(from.size, broadcast, side);
    results.set(from, own);
    return own;
  };
  const dims = Array.from({ length: rank }, (_, dim) => {
    const [ofLeft, ofRight] = [left.dims[dim] ?? [], right.dims[dim] ?? []];
    const pattern = ofLeft.length > 0 ? ofLeft : ofRight;
    return pattern.map((either, j) => {
      const [a, b] = [inMemory(ofLeft[j]), inMemory(ofRight[j])];
      if (a !== undefined && b !== undefined) {
        batch.push([a, b]);
        return result(a, "batch");
      }
      if (a !== undefined) {
        rows.push(a);
        return result(a, "left");
      }
      if (b !== undefined) {
        columns.push(b);
        return result(b, "right");
      }
      return result(either, "batch", true);
    });
  });

  // Within each class, axes keep the order they have in memory, so that most operands need no moving.
  const byLeft = (p: Axis, q: Axis) => left.memory.indexOf(p) - left.memory.indexOf(q);
  const byRight = (p: Axis, q: Axis) => right.memory.indexOf(p) - right.memory.indexOf(q);
  batch.sort(([p], [q]) => byLeft(p, q));
  rows.sort(byLeft);
  columns.sort(byRight);
  const summed = [...k].sort(([p], [q]) => byLeft(p, q));
  const first = operandOf(
    left,
    batch.map(([a]) => a),
    rows,
    summed.map(([a]) => a),
  );
  const second = operandOf(
    right,
    batch.map(([, b]) => b),
    columns,
    summed.map(([, b]) => b),
  );
  const product = new Product((swapped) => (swapped ? multiply(graph, second, first) : multiply(graph, first, second)));
  const memory = [...batch.map(([a]) => a), ...rows, ...columns].flatMap((from) => results.get(from) ?? []);
  return { dtype: x.dtype, source: { kind: "product", product }, memory, dims };
}

const inMemory = (a: Axis | undefined): Axis | undefined => (a === undefined || a.broadcast ? undefined : a);

/** One operand of a product: a stack of matrices, free × k, or k × free where it lies so. */
interface Operand {
  readonly view: View;
  readonly order: readonly Axis[];
  readonly depth: number;
  readonly free: number;
  readonly k: number;
  /** True if the matrices lie as k × free. */
  readonly turned: boolean;
}

function operandOf(view: View, batch: readonly Axis[], free: readonly Axis[], k: readonly Axis[]): Operand {
  const straight = [...batch, ...free, ...k];
  const inPlace = straight.every((a, i) => a === view.memory[i]);
  const turned = !inPlace && free.length > 0 && free.at(-1) === view.memory.at(-1);
  const order = turned ? [...batch, ...k, ...free] : straight;
  return { view, order, depth: sizeOf(batch), free: sizeOf(free), k: sizeOf(k), turned };
}

/** The product free × free' of two operands, or a stack of them. */
function multiply(graph: GraphBuilder, x: Operand, y: Operand): string {
  if (x.depth === 1) {
    const [a, b] = [matrix(graph, x, []), matrix(graph, y, [])];
    // Plain MatMul lets the runtime fuse an addition that follows.
    if (!x.turned && y.turned) return graph.node("MatMul", [a, b], [x.free, y.free]);
    const attributes = { transA: x.turned ? 1 : 0, transB: y.turned ? 0 : 1 };
    return graph.node("Gemm", [a, b], [x.free, y.free], attributes);
  }
  const a = x.turned ? turn(graph, x) : matrix(graph, x, [x.depth]);
  const b = y.turned ? matrix(graph, y, [y.depth]) : turn(graph, y);
  return graph.node("MatMul", [a, b], [x.depth, x.free, y.free]);
}

function matrix(graph: GraphBuilder, { view, order, free, k, turned }: Operand, stack: readonly number[]): string {
  return graph.reshape(inOrder(graph, view, order), [...stack, ...(turned ? [k, free] : [free, k])]);
}

/** A stack of matrices, each transposed: MatMul takes no flags. */
function turn(graph: GraphBuilder, x: Operand): string {
  const [rows, columns] = x.turned ? [x.k, x.free] : [x.free, x.k];
  return graph.node("Transpose", [matrix(graph, x, [x.depth])], [x.depth, columns, rows], { perm: [0, 2, 1] });
}
