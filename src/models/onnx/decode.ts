/**
 * An ONNX file as plain data. Total: any bytes give a graph or a `ModelError`, and memory is bounded by a multiple of the
 * file's length.
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import { ModelError } from "../../base/errors.ts";
import { type Field, fieldsOf, floatOf, integersOf, notOnnx, textOf } from "./reader.ts";

/** What a file may ask for. */
export const ONNX_LIMITS = {
  nodes: 10_000,
  tensors: 20_000,
  dimensions: 8,
  entries: 268_435_456,
  /** Inputs and outputs of the graph; inputs, outputs or attributes of a node, and whole numbers of an attribute. */
  ports: 4096,
} as const;

export interface FileTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** f32 of reals; whole numbers and truth values as numbers. */
  readonly values: Float32Array | readonly number[];
  readonly isReal: boolean;
}

export interface FileAttribute {
  readonly integer: number;
  readonly real: number;
  readonly text: string;
  readonly integers: readonly number[];
  readonly tensor?: FileTensor;
}

export interface FileNode {
  readonly op: string;
  /** Empty where an optional input is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, FileAttribute>;
}

export interface FilePort {
  readonly name: string;
  /** TensorProto.DataType; 0 where it is not said. */
  readonly type: number;
  /** Undefined for a dimension that is open. */
  readonly shape: readonly (number | undefined)[];
}

export interface OnnxFile {
  readonly nodes: readonly FileNode[];
  readonly tensors: readonly FileTensor[];
  /** Without those that have a value in the file. */
  readonly inputs: readonly FilePort[];
  readonly outputs: readonly FilePort[];
}

/** @param where names the file in errors @throws {ModelError} */
export function decodeOnnx(bytes: Uint8Array, where: string): OnnxFile {
  let graph: Field | undefined;
  for (const field of fieldsOf(bytes, where)) {
    if (field.number !== 7 || field.bytes.length === 0) continue;
    if (graph !== undefined) throw notOnnx(where, "several graphs");
    graph = field;
  }
  if (graph === undefined) throw notOnnx(where, "no graph");
  const nodes: FileNode[] = [];
  const tensors: FileTensor[] = [];
  const [inputs, outputs]: [FilePort[], FilePort[]] = [[], []];
  for (const field of fieldsOf(graph.bytes, where)) {
    if (field.number === 1) nodes.push(nodeOf(field, where));
    if (field.number === 5) tensors.push(tensorOf(field, where));
    if (field.number === 11) inputs.push(portOf(field, where));
    if (field.number === 12) outputs.push(portOf(field, where));
    if (field.number === 15) throw unusable(where, "dense tensors", "sparse ones");
    check(where, "nodes", nodes.length, ONNX_LIMITS.nodes);
    check(where, "tensors", tensors.length, ONNX_LIMITS.tensors);
    check(where, "inputs and outputs", inputs.length + outputs.length, ONNX_LIMITS.ports + tensors.length);
  }
  const known = new Set(tensors.map(({ name }) => name));
  if (known.size !== tensors.length) throw unusable(where, "distinct names of tensors", "a name twice");
  return { nodes, tensors, inputs: inputs.filter(({ name }) => !known.has(name)), outputs };
}

function nodeOf(field: Field, where: string): FileNode {
  let [op, domain] = ["", ""];
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const attributes = new Map<string, FileAttribute>();
  for (const part of fieldsOf(field.bytes, where)) {
    if (part.number === 1) inputs.push(textOf(part));
    if (part.number === 2) outputs.push(textOf(part));
    if (part.number === 4) op = textOf(part);
    if (part.number === 5) attributes.set(...attributeOf(part, where));
    if (part.number === 7) domain = textOf(part);
    const most = Math.max(inputs.length, outputs.length, attributes.size);
    check(where, "inputs, outputs or attributes of an operator", most, ONNX_LIMITS.ports);
  }
  if (domain !== "" && domain !== "ai.onnx") throw unusable(where, "operators of ONNX", `${op} of ${domain}`);
  return { op, inputs, outputs, attributes };
}

function attributeOf(field: Field, where: string): [name: string, value: FileAttribute] {
  let [name, text, integer, real] = ["", "", 0, 0];
  let tensor: FileTensor | undefined;
  const integers: number[] = [];
  for (const part of fieldsOf(field.bytes, where)) {
    if (part.number === 1) name = textOf(part);
    if (part.number === 2) real = floatOf(part);
    if (part.number === 3) integer = part.integer;
    if (part.number === 4) text = textOf(part);
    if (part.number === 5) tensor = tensorOf(part, where);
    if (part.number === 8) for (const value of integersOf(part, where)) integers.push(value);
    check(where, "whole numbers of an attribute", integers.length, ONNX_LIMITS.ports);
  }
  return [name, { integer, real, text, integers, ...(tensor && { tensor }) }];
}

/** Bytes of an entry, and how it is read, by TensorProto.DataType. */
const RAW: ReadonlyMap<number, readonly [size: number, read: (view: DataView, at: number) => number]> = new Map([
  [1, [4, (view, at) => view.getFloat32(at, true)]],
  [6, [4, (view, at) => view.getInt32(at, true)]],
  [7, [8, (view, at) => Number(view.getBigInt64(at, true))]],
  [9, [1, (view, at) => view.getUint8(at)]],
  [11, [8, (view, at) => view.getFloat64(at, true)]],
]);
const isRealType = (type: number): boolean => type === 1 || type === 11;

function tensorOf(field: Field, where: string): FileTensor {
  const shape: number[] = [];
  let [name, type] = ["", 0];
  let raw: Uint8Array | undefined;
  const typed: number[] = [];
  for (const part of fieldsOf(field.bytes, where)) {
    if (part.number === 1) for (const n of integersOf(part, where)) shape.push(n);
    check(`${where}: ${name}`, "dimensions", shape.length, ONNX_LIMITS.dimensions);
    if (part.number === 2) type = part.integer;
    if (part.number === 4) for (const value of realsOf(part.bytes, 1)) typed.push(value);
    if (part.number === 5 || part.number === 7) for (const value of integersOf(part, where)) typed.push(value);
    if (part.number === 8) name = textOf(part);
    if (part.number === 9) raw = part.bytes;
    if (part.number === 10) for (const value of realsOf(part.bytes, 11)) typed.push(value);
    if (part.number === 13 || part.number === 14) {
      if (part.number === 14 && part.integer === 0) continue;
      throw unusable(where, "weights within the file", "weights in a file of their own", EXPORT_WHOLE);
    }
  }
  const form = RAW.get(type);
  if (form === undefined) throw unusable(`${where}: ${name}`, "f32, f64, int32, int64 or bool", `type ${type}`);
  const length = lengthOf(shape, `${where}: ${name}`);
  const values = raw === undefined ? typed : raw.length === length * form[0] ? entriesOf(raw, type) : [];
  if (values.length !== length) throw unusable(`${where}: ${name}`, `${length} entries`, values.length);
  const isReal = isRealType(type);
  return { name, shape, values: isReal && Array.isArray(values) ? Float32Array.from(values) : values, isReal };
}

function lengthOf(shape: readonly number[], where: string): number {
  const bad = shape.find((n) => !Number.isSafeInteger(n) || n < 0);
  if (bad !== undefined) throw unusable(where, "dimensions from 0 up", bad);
  const length = shape.reduce((product, n) => product * n, 1);
  check(where, "entries", length, ONNX_LIMITS.entries);
  return length;
}

function entriesOf(raw: Uint8Array, type: number): Float32Array | number[] {
  if (type === 1) return new Float32Array(new Uint8Array(raw).buffer); // files are little-endian, and so is whatever runs this
  return realsOf(raw, type);
}

function realsOf(raw: Uint8Array, type: number): number[] {
  const [size, read] = RAW.get(type)!;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: Math.floor(raw.length / size) }, (_, i) => read(view, i * size));
}

function portOf(field: Field, where: string): FilePort {
  let [name, type] = ["", 0];
  let shape: (number | undefined)[] = [];
  for (const part of fieldsOf(field.bytes, where)) {
    if (part.number === 1) name = textOf(part);
    if (part.number !== 2) continue;
    for (const { bytes } of partsOf(part, where)) {
      for (const inner of fieldsOf(bytes, where)) {
        if (inner.number === 1) type = inner.integer;
        if (inner.number === 2) shape = shapeOf(inner, `${where}: ${name}`);
      }
    }
  }
  return { name, type, shape };
}

function shapeOf(field: Field, where: string): (number | undefined)[] {
  const shape: (number | undefined)[] = [];
  for (const dimension of partsOf(field, where)) {
    check(where, "dimensions", shape.length + 1, ONNX_LIMITS.dimensions);
    const [said] = partsOf(dimension, where);
    shape.push(said !== undefined && said.integer > 0 ? said.integer : undefined);
  }
  return shape;
}

/** Those of number 1. */
function* partsOf(field: Field, where: string): Generator<Field, undefined> {
  for (const part of fieldsOf(field.bytes, where)) if (part.number === 1) yield part;
}

function check(where: string, what: string, got: number, most: number): void {
  if (got > most) throw unusable(where, `at most ${most} ${what}`, got);
}

const EXPORT_WHOLE = "Export the model with its weights inside.";

const unusable = (where: string, expected: string, got: unknown, hint?: string): ModelError =>
  new ModelError(where, { expected, got, ...(hint !== undefined && { hint }) });
