/**
 * From a graph that is judged to one that predicts: parameters become constants, what the scores do not need goes, and
 * the number of rows is left open where the graph allows it.
 */
import { type Constant, type Graph, neededFor, type Port } from "./graph.ts";

/** What the named outputs need. */
export function pruned(graph: Graph, outputs: readonly string[]): Graph {
  const { nodes, names } = neededFor(outputs, graph.nodes);
  return {
    nodes,
    constants: graph.constants.filter(({ name }) => names.has(name)),
    inputs: graph.inputs.filter(({ name }) => names.has(name)),
    outputs: graph.outputs.filter(({ name }) => outputs.includes(name)),
  };
}

/** Inputs of the names given hold these values for good. */
export function filled(graph: Graph, values: ReadonlyMap<string, Float32Array>): Graph {
  const constants = graph.inputs.flatMap(({ name, dtype, shape }): Constant[] => {
    const entries = values.get(name);
    if (entries === undefined) return [];
    const bytes = new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength);
    return [{ name, dtype, shape: shape.map(Number), bytes }];
  });
  const inputs = graph.inputs.filter(({ name }) => !values.has(name));
  return { ...graph, inputs, constants: [...graph.constants, ...constants] };
}

/** The same graph, its tensors under other names. */
export function renamed(graph: Graph, nameOf: (name: string) => string): Graph {
  const rename = <T extends { readonly name: string }>(tensor: T): T => ({ ...tensor, name: nameOf(tensor.name) });
  return {
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(nameOf),
      outputs: node.outputs.map(nameOf),
    })),
    constants: graph.constants.map(rename),
    inputs: graph.inputs.map(rename),
    outputs: graph.outputs.map(rename),
  };
}

/**
 * One graph for any number of rows, from the graphs of two different numbers. They must differ in shapes only: those of
 * inputs and outputs, whose rows get the name `rows`, and those that tensors are given by Reshape, where one dimension may
 * follow from the others.
 * @returns undefined if they differ in more
 */
export function forAnyRows(one: Graph, other: Graph, rows: string): Graph | undefined {
  if (JSON.stringify(one.nodes) !== JSON.stringify(other.nodes)) return undefined;
  if (one.constants.length !== other.constants.length) return undefined;
  const constants = one.constants.map((constant, i) => openShape(one, constant, other.constants[i]!));
  if (constants.some((constant) => constant === undefined)) return undefined;
  const open = (port: Port, i: number, others: readonly Port[]): Port => ({
    ...port,
    shape: port.shape.map((n, axis) => (n === others[i]?.shape[axis] ? n : rows)),
  });
  return {
    nodes: one.nodes,
    constants: constants.filter((constant) => constant !== undefined),
    inputs: one.inputs.map((port, i) => open(port, i, other.inputs)),
    outputs: one.outputs.map((port, i) => open(port, i, other.outputs)),
  };
}

/** The constant itself where both have it; the shape of a Reshape with −1 where they differ in one dimension. */
function openShape({ nodes }: Graph, a: Constant, b: Constant): Constant | undefined {
  if (a.name !== b.name || String(a.shape) !== String(b.shape)) return undefined;
  if (a.bytes.every((byte, i) => byte === b.bytes[i])) return a;
  const readers = nodes.filter(({ inputs }) => inputs.includes(a.name));
  const isShape = readers.every(({ op, inputs }) => op === "Reshape" && inputs[1] === a.name && inputs[0] !== a.name);
  if (!isShape) return undefined;
  const [entries, others] = [integersOf(a), integersOf(b)];
  const open = entries.map((n, i) => (n === others[i] ? n : -1n));
  if (open.filter((n) => n < 0n).length !== 1) return undefined;
  return { ...a, bytes: new Uint8Array(BigInt64Array.from(open).buffer) };
}

const integersOf = ({ bytes }: Constant): bigint[] => [...new BigInt64Array(bytes.slice().buffer)];
