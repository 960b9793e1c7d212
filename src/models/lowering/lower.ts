/**
 * Lowering: a traced program as an ONNX graph.
 *
 * Equations are walked in order; each is looked up in the table of primitives, which turns views into views. What no
 * output needs is dropped at the end, so patterns may leave what they replace behind.
 */
import { assert } from "../../base/errors.ts";
import { type Graph, GraphBuilder } from "../onnx/graph.ts";
import { convolutionTable } from "./convolution.ts";
import { dotsTable } from "./dots.ts";
import { elementwiseTable } from "./elementwise.ts";
import { LoweringError } from "./error.ts";
import { indexingTable } from "./indexing.ts";
import { type Atom, Definitions, dtypeOf, type Equation, type Jaxpr } from "./jaxpr.ts";
import { dense } from "./materialise.ts";
import { movementTable } from "./movement.ts";
import { poolingTable } from "./pooling.ts";
import { reductionsTable } from "./reductions.ts";
import type { Table } from "./site.ts";
import { sortingTable } from "./sorting.ts";
import { literal, shapeOf, type View, viewOf } from "./view.ts";

/** A traced program and the values of its first inputs, which are constants. */
export interface Program {
  readonly jaxpr: Jaxpr;
  readonly constants: readonly (Float32Array | Int32Array | Uint32Array)[];
}

const TABLE: Table = {
  ...elementwiseTable,
  ...reductionsTable,
  ...dotsTable,
  ...movementTable,
  ...indexingTable,
  ...sortingTable,
  ...poolingTable,
  ...convolutionTable,
};

/** Primitives that have a lowering, sorted. */
export const PRIMITIVES: readonly string[] = Object.keys(TABLE).sort();

/**
 * @param inputs names of the inputs after the constants, in order
 * @param outputs names of the outputs, in order
 * @throws {LoweringError} naming a primitive or type that has no lowering
 */
export function lower(program: Program, inputs: readonly string[], outputs: readonly string[]): Graph {
  const { jaxpr, constants } = program;
  const graph = new GraphBuilder();
  const definitions = new Definitions(jaxpr);
  const views = new Map<Atom, View>();
  const find = (atom: Atom): View => {
    if (atom.value !== undefined) return literal(atom.value, atom.aval.shape, dtypeOf(atom));
    const view = views.get(atom);
    assert(view !== undefined, "an equation reads what an earlier one defined");
    return view;
  };

  for (const [i, atom] of jaxpr.inBinders.entries()) {
    const { shape } = atom.aval;
    const dtype = dtypeOf(atom);
    const constant = constants[i];
    const name = inputs[i - constants.length];
    if (constant !== undefined) {
      views.set(
        atom,
        viewOf(graph.constant(dtype, shape, dtype === "bool" ? flags(constant) : constant), shape, dtype),
      );
    } else {
      assert(name !== undefined, "every input has a name");
      views.set(atom, viewOf(graph.input(name, dtype, shape), shape, dtype));
    }
  }
  for (const equation of jaxpr.eqns) lowerEquation(graph, equation, definitions, find, views);
  for (const [i, atom] of jaxpr.outs.entries()) {
    const name = outputs[i];
    assert(name !== undefined, "every output has a name");
    graph.output(name, dtypeOf(atom), dense(graph, find(atom)));
  }
  return graph.finish();
}

function lowerEquation(
  graph: GraphBuilder,
  equation: Equation,
  definitions: Definitions,
  find: (atom: Atom) => View,
  views: Map<Atom, View>,
): void {
  const lowering = TABLE[equation.primitive];
  const [first] = equation.outBinders;
  if (lowering === undefined || first === undefined) {
    throw new LoweringError("model graph", {
      expected: "primitives that ONNX Runtime can run here",
      got: equation.primitive,
      hint: "Choose the jax engine for this model, which runs every primitive.",
    });
  }
  const inputs = equation.inputs.map(find);
  const site = { graph, equation, inputs, dtype: dtypeOf(first), shape: first.aval.shape, definitions, viewOf: find };
  const results = [lowering(site)].flat();
  for (const [i, atom] of equation.outBinders.entries()) {
    const view = results[i];
    assert(view !== undefined, `${equation.primitive} has a result for each variable`);
    const [got, wanted] = [String(shapeOf(view)), String(atom.aval.shape)];
    assert(got === wanted, `${equation.primitive} gives [${got}] where the trace says [${wanted}]`);
    views.set(atom, view);
  }
}

/** Booleans lie in words of 32 bits in jax-js and in bytes in ONNX. */
const flags = (words: ArrayLike<number>): Uint8Array => Uint8Array.from(words, (word) => (word === 0 ? 0 : 1));
