/**
 * An ONNX graph under construction: nodes, constants, inputs and outputs as plain data.
 *
 * The builder knows the shape of every tensor, shares equal nodes and equal small constants, drops what no output
 * needs, and names its own tensors `t0, t1, …`; the caller's names carry a prefix with a colon, so they cannot collide.
 */
import { assert } from "../../base/errors.ts";

/** Element types that graphs here use. */
export type DType = "float32" | "int32" | "uint32" | "int64" | "bool";

/** Numbers are integers; `{ float }` marks the rare real one. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Where a tensor enters or leaves; a dimension that has a name may have any size. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
}

export interface Constant extends TensorInfo {
  /** The entries, little endian. */
  readonly bytes: Uint8Array;
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly constants: readonly Constant[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** Entries of a constant as they lie in memory. */
export type Entries = Float32Array | Int32Array | Uint32Array | BigInt64Array | Uint8Array;

const product = (shape: readonly number[]): number => shape.reduce((total, n) => total * n, 1);

/** Constants up to this many bytes are shared when equal. */
const SHARED_BYTES = 256;

export class GraphBuilder {
  readonly #nodes: Node[] = [];
  readonly #constants: Constant[] = [];
  readonly #inputs: TensorInfo[] = [];
  readonly #outputs: TensorInfo[] = [];
  /** Output name → the tensor it stands for. */
  readonly #results = new Map<string, string>();
  readonly #shapes = new Map<string, readonly number[]>();
  readonly #known = new Map<string, readonly string[]>();
  #count = 0;

  /** Declares an input of the graph. */
  input(name: string, dtype: DType, shape: readonly number[]): string {
    this.#inputs.push({ name, dtype, shape });
    this.#shapes.set(name, shape);
    return name;
  }

  /** A tensor of fixed entries. */
  constant(dtype: DType, shape: readonly number[], entries: Entries): string {
    const bytes = new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength).slice();
    const key = bytes.length <= SHARED_BYTES ? `constant ${dtype} [${shape}] ${bytes}` : undefined;
    const known = key === undefined ? undefined : this.#known.get(key)?.[0];
    if (known !== undefined) return known;
    const name = this.#fresh(shape);
    this.#constants.push({ name, dtype, shape, bytes });
    if (key !== undefined) this.#known.set(key, [name]);
    return name;
  }

  /** A scalar of the given type. */
  scalar(dtype: DType, value: number): string {
    return this.constant(dtype, [], entriesOf(dtype, [value]));
  }

  /** A list of whole numbers, as shapes, axes and the like are passed to nodes. */
  integers(values: readonly number[]): string {
    return this.constant("int64", [values.length], entriesOf("int64", values));
  }

  /** Adds a node with one output of the given shape, or finds the equal one that exists. */
  node(
    op: string,
    inputs: readonly string[],
    shape: readonly number[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const [output] = this.nodes(op, inputs, [shape], attributes);
    assert(output !== undefined, "a node has an output");
    return output;
  }

  /** Adds a node with one output per shape, or finds the equal one that exists. */
  nodes(
    op: string,
    inputs: readonly string[],
    shapes: readonly (readonly number[])[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): readonly string[] {
    const key = `${op}(${inputs.join(" ")}) ${JSON.stringify(attributes)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const outputs = shapes.map((shape) => this.#fresh(shape));
    this.#nodes.push({ op, inputs, outputs, attributes });
    this.#known.set(key, outputs);
    return outputs;
  }

  /** The tensor under another shape of as many entries; no node when it has that shape already. */
  reshape(name: string, shape: readonly number[]): string {
    const current = this.shapeOf(name);
    assert(product(current) === product(shape), `[${current}] cannot be reshaped to [${shape}]`);
    if (current.length === shape.length && current.every((n, i) => n === shape[i])) return name;
    return this.node("Reshape", [name, this.integers(shape)], shape);
  }

  /** Declares an output: the entries of `tensor` leave the graph under `name`. */
  output(name: string, dtype: DType, tensor: string): void {
    this.#outputs.push({ name, dtype, shape: this.shapeOf(tensor) });
    this.#results.set(name, tensor);
  }

  shapeOf(name: string): readonly number[] {
    const shape = this.#shapes.get(name);
    assert(shape !== undefined, `tensor ${name} is not of this graph`);
    return shape;
  }

  /** The graph so far, without nodes and constants that no output needs. */
  finish(): Graph {
    const copies: Node[] = [];
    const renamed = this.#renameResults(copies);
    const rename = (name: string): string => renamed.get(name) ?? name;
    const all = this.#nodes.map((node) => ({
      ...node,
      outputs: node.outputs.map(rename),
      inputs: node.inputs.map(rename),
    }));
    const { nodes, names } = neededFor(
      this.#outputs.map(({ name }) => name),
      [...all, ...copies],
    );
    return {
      nodes,
      constants: this.#constants.filter(({ name }) => names.has(name)),
      inputs: this.#inputs,
      outputs: this.#outputs,
    };
  }

  /** A node's tensor takes the name of its output; inputs, constants and second names are copied by a node. */
  #renameResults(copies: Node[]): ReadonlyMap<string, string> {
    const computed = new Set(this.#nodes.flatMap((node) => node.outputs));
    const renamed = new Map<string, string>();
    for (const [name, tensor] of this.#results) {
      if (computed.has(tensor) && !renamed.has(tensor)) renamed.set(tensor, name);
      else copies.push({ op: "Identity", inputs: [renamed.get(tensor) ?? tensor], outputs: [name], attributes: {} });
    }
    return renamed;
  }

  #fresh(shape: readonly number[]): string {
    const name = `t${this.#count++}`;
    this.#shapes.set(name, shape);
    return name;
  }
}

/** The nodes, in their order, and the names of all tensors that some outputs need. */
export function neededFor(
  outputs: readonly string[],
  all: readonly Node[],
): { readonly nodes: readonly Node[]; readonly names: ReadonlySet<string> } {
  const names = new Set(outputs);
  const nodes: Node[] = [];
  for (const node of all.toReversed()) {
    if (!node.outputs.some((name) => names.has(name))) continue;
    nodes.push(node);
    for (const name of node.inputs) names.add(name);
  }
  return { nodes: nodes.reverse(), names };
}

/** Numbers as the entries of a tensor of the given type; reals are cut towards 0 where the type is whole. */
export function entriesOf(dtype: DType, values: readonly number[]): Entries {
  switch (dtype) {
    case "float32":
      return Float32Array.from(values);
    case "int32":
      return Int32Array.from(values, Math.trunc);
    case "uint32":
      return Uint32Array.from(values, Math.trunc);
    case "int64":
      return BigInt64Array.from(values.map((value) => BigInt(Math.trunc(value))));
    case "bool":
      return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
  }
}
