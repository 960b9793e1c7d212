/**
 * Element-wise primitives, and the patterns among them that ONNX has one node for.
 */

import type { DType, GraphBuilder } from "../onnx/graph.ts";
import { binary, cast, elementwise, unary } from "./broadcasting.ts";
import { LoweringError } from "./error.ts";
import { type Lowering, operand, type Site, type Table, wordOf } from "./site.ts";
import { isNothing, literal, literalValue, nothing, stretched, type View } from "./view.ts";

/** A primitive of one operand that ONNX has under another name. */
const one =
  (op: string): Lowering =>
  (site) =>
    unary(site.graph, op, operand(site, 0));

/** A primitive of two operands: `op` on numbers, `onBooleans` on booleans; operands are cast to the result's type. */
const two =
  (op: string, onBooleans: string): Lowering =>
  (site) =>
    binary(site.graph, site.dtype === "bool" ? onBooleans : op, argument(site, 0), argument(site, 1));

export const elementwiseTable: Table = {
  add,
  mul,
  max,
  min: two("Min", "And"),
  idiv,
  mod: (site) =>
    elementwise(site.graph, [argument(site, 0), argument(site, 1)], site.dtype, (names, shape) =>
      site.graph.node("Mod", names, shape, { fmod: 1 }),
    ),
  neg: (site) => (isNothing(operand(site, 0)) ? operand(site, 0) : unary(site.graph, "Neg", operand(site, 0))),
  reciprocal,
  floor: one("Floor"),
  ceil: one("Ceil"),
  sqrt: one("Sqrt"),
  exp: one("Exp"),
  log: one("Log"),
  sin: one("Sin"),
  cos: one("Cos"),
  asin: one("Asin"),
  atan: one("Atan"),
  erf: one("Erf"),
  /** 1 − erf, which loses relative accuracy where erf nears 1. */
  erfc: (site) => binary(site.graph, "Sub", literal(1, [], "float32"), unary(site.graph, "Erf", operand(site, 0))),
  compare,
  where,
  cast: (site) => cast(site.graph, operand(site, 0), site.dtype),
  stop_gradient: (site) => operand(site, 0),
};

/** The i-th operand in the type of the result. */
const argument = (site: Site, i: number): View => cast(site.graph, operand(site, i), site.dtype);

/** x + (−y) is one subtraction; x − x is nothing. */
function add(site: Site): View {
  if (site.dtype === "bool") return binary(site.graph, "Or", argument(site, 0), argument(site, 1));
  for (const [i, j] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const negated = site.definitions.of(site.equation.inputs[j], "neg")?.inputs[0];
    if (negated === undefined) continue;
    const [x, y] = [argument(site, i), cast(site.graph, site.viewOf(negated), site.dtype)];
    if (x === y) return nothing(site.shape, site.dtype);
    if (isNothing(y)) return stretched(x, site.shape);
    if (!isNothing(x)) return binary(site.graph, "Sub", x, y);
  }
  const [x, y] = [argument(site, 0), argument(site, 1)];
  if (isNothing(x)) return stretched(y, site.shape);
  if (isNothing(y)) return stretched(x, site.shape);
  return binary(site.graph, "Add", x, y);
}

function mul(site: Site): View {
  const [x, y] = [argument(site, 0), argument(site, 1)];
  if (isNothing(x) || isNothing(y)) return nothing(site.shape, site.dtype);
  return binary(site.graph, site.dtype === "bool" ? "And" : "Mul", x, y);
}

/** max(x, 0) is Relu. */
function max(site: Site): View {
  const [x, bound] = [argument(site, 0), argument(site, 1)];
  if (site.dtype === "float32" && literalValue(bound) === 0) return unary(site.graph, "Relu", x);
  return binary(site.graph, site.dtype === "bool" ? "Or" : "Max", x, bound);
}

/** Division towards 0; ONNX does that for whole numbers. */
function idiv(site: Site): View {
  const { graph } = site;
  const quotient = binary(graph, "Div", argument(site, 0), argument(site, 1));
  if (site.dtype !== "float32") return quotient;
  return binary(graph, "Mul", unary(graph, "Sign", quotient), unary(graph, "Floor", unary(graph, "Abs", quotient)));
}

/** 1 / (exp(−x) + 1) is Sigmoid. */
function reciprocal(site: Site): View {
  const { definitions, equation, graph } = site;
  const sum = definitions.of(equation.inputs[0], "add");
  const exponential = sum?.inputs[1]?.value === 1 ? definitions.of(sum.inputs[0], "exp") : undefined;
  const negated = definitions.of(exponential?.inputs[0], "neg")?.inputs[0];
  if (negated !== undefined) return unary(graph, "Sigmoid", site.viewOf(negated));
  return unary(graph, "Reciprocal", operand(site, 0));
}

function compare(site: Site): View {
  const { graph } = site;
  const op = wordOf(site, "op");
  const type = comparisonType(op, operand(site, 0).dtype, operand(site, 1).dtype);
  const x = cast(graph, operand(site, 0), type);
  const y = cast(graph, operand(site, 1), type);
  switch (op) {
    case "less":
      return binary(graph, "Less", x, y, "bool");
    case "less_equal":
      return binary(graph, "LessOrEqual", x, y, "bool");
    case "equal":
      return binary(graph, "Equal", x, y, "bool");
    case "not_equal":
      return unary(graph, "Not", binary(graph, "Equal", x, y, "bool"));
    default:
      throw new LoweringError("primitive compare", { expected: "less, less_equal, equal or not_equal", got: op });
  }
}

const PRECEDENCE: readonly DType[] = ["bool", "uint32", "int32", "float32"];

/** Both operands meet in the wider type; booleans have no order in ONNX and are ordered as 0 and 1. */
function comparisonType(op: string, x: DType, y: DType): DType {
  const wider = PRECEDENCE.indexOf(x) > PRECEDENCE.indexOf(y) ? x : y;
  return wider === "bool" && op.startsWith("less") ? "int32" : wider;
}

function where(site: Site): View {
  const { graph } = site;
  const [chosen, other] = [argument(site, 1), argument(site, 2)];
  const rectified = literalValue(chosen) === 0 ? rectifiedBy(site) : undefined;
  if (rectified !== undefined) return binary(graph, "Mul", other, passes(graph, rectified));
  return elementwise(graph, [cast(graph, operand(site, 0), "bool"), chosen, other], site.dtype, (names, shape) =>
    graph.node("Where", names, shape),
  );
}

/**
 * The x of `where(x < 0, 0, g)`, the gradient of relu, if the program also computes relu(x). Only this choice becomes a
 * product, which is nearly twice as fast as Where: in general 0 · g is not 0 where g is infinite.
 */
function rectifiedBy(site: Site): View | undefined {
  const comparison = site.definitions.of(site.equation.inputs[0], "compare");
  const [x, bound] = comparison?.inputs ?? [];
  if (comparison?.params.op !== "less" || x === undefined || bound?.value !== 0) return undefined;
  return site.definitions.isRectified(x) ? site.viewOf(x) : undefined;
}

/** 1 where relu passes its gradient on, that is from 0 on, else 0. */
const passes = (graph: GraphBuilder, x: View): View =>
  cast(graph, binary(graph, "GreaterOrEqual", x, literal(0, [], x.dtype), "bool"), "float32");
