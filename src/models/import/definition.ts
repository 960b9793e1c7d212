/**
 * A model in an ONNX file, to be trained on: its f32 tensors are the first parameters, its graph is replayed on jax-js.
 *
 * Parameters are the file's f32 tensors of one dimension or more, but for the moments of batch norms, which stay as they are.
 * The file has one input, the rows, and its first output is scores; a softmax or sigmoid at the end is left out, since the
 * loss takes scores. A dropout of the file does nothing.
 */
import { ModelError } from "../../base/errors.ts";
import { defineModel, type ModelDefinition, type Tensor, type Tensors } from "../define.ts";
import { crossEntropy, logisticLoss } from "../losses.ts";
import { decodeOnnx, type FileNode, type FilePort, type FileTensor, type OnnxFile } from "../onnx/decode.ts";
import type { Parameter } from "../parameters.ts";
import { ARITHMETIC } from "./arithmetic.ts";
import { LAYERS } from "./layers.ts";
import { MOVEMENT } from "./movement.ts";
import { Fixed, type Operator, Site, type Value } from "./site.ts";

/** Every operator that files may use, by its name. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  Object.entries({ ...ARITHMETIC, ...MOVEMENT, ...LAYERS }),
);

const FLOAT = 1;

/**
 * @param where names the file in errors
 * @throws {ModelError} if the bytes are no ONNX file, or one with operators that are not known here
 */
export function onnxDefinition(bytes: Uint8Array, where: string): ModelDefinition {
  const file = decodeOnnx(bytes, where);
  const unknown = new Set(file.nodes.map(({ op }) => op).filter((op) => !OPERATORS.has(op)));
  if (unknown.size > 0) {
    throw new ModelError(where, {
      expected: `operators among ${[...OPERATORS.keys()].join(", ")}`,
      got: [...unknown].join(", "),
    });
  }
  const [input, ...more] = file.inputs;
  const scores = scoresOf(file);
  if (input === undefined || more.length > 0 || input.type !== FLOAT || scores === undefined) {
    throw new ModelError(where, {
      expected: "one input of f32, the rows, and an output",
      got: `inputs ${file.inputs.map(({ name, type }) => `${name} of type ${type}`).join(", ") || "none"}`,
    });
  }
  const moments = momentsIn(file);
  const isTrained = ({ name, shape, values, isReal }: FileTensor): boolean =>
    isReal && shape.length > 0 && values.length > 0 && !moments.has(name) && !isOwnConstant(name);
  const [first, fixed] = [file.tensors.filter(isTrained), file.tensors.filter((tensor) => !isTrained(tensor))];
  if (first.length === 0) throw new ModelError(where, { expected: "f32 tensors to train", got: "none" });
  const predict = (params: Tensors, x: Tensor): Tensor => {
    const rows = x.shape[0] ?? 1;
    const known = new Map<string, Value>(fixed.map((tensor) => [tensor.name, new Fixed(tensor)]));
    for (const { name } of first) known.set(name, params[name] as Tensor); // a parameter of that name is defined below
    known.set(input.name, asInput(x, input, where));
    return asScores(replay(file.nodes, known, scores, where), rows);
  };
  return defineModel({
    name: where,
    parameters: Object.fromEntries(first.map((tensor) => [tensor.name, given(tensor)])),
    predict,
    loss(params: Tensors, x, y) {
      const seen = predict(params, x);
      return seen.ndim === 1 ? logisticLoss(seen, y) : crossEntropy(seen, y);
    },
  });
}

/** Rows in the shape that the file takes; open dimensions are those of the data. */
function asInput(x: Tensor, { shape }: FilePort, where: string): Tensor {
  if (shape.length === 0) return x;
  const [rows = 1] = x.shape;
  const wanted = shape.slice(1).map((n, i) => n ?? x.shape[i + 1] ?? 1);
  if (wanted.reduce((product, n) => product * n, rows) === x.size) return x.reshape([rows, ...wanted]);
  throw new ModelError(where, { expected: `rows of shape [${wanted}]`, got: `[${x.shape.slice(1)}]` });
}

/** Computes the nodes that `wanted` needs, in the order of the file. */
function replay(nodes: readonly FileNode[], known: Map<string, Value>, wanted: string, where: string): Tensor {
  const needed = new Set([wanted]);
  for (const node of [...nodes].reverse()) {
    if (node.outputs.some((name) => needed.has(name))) for (const name of node.inputs) needed.add(name);
  }
  for (const node of nodes) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    const values = node.inputs.map((name) => knownAs(known, name, where));
    const site = new Site(node, values, where);
    const results = [OPERATORS.get(node.op)?.(site) ?? []].flat() as Value[]; // one, or some
    for (const [i, result] of results.entries()) {
      const name = node.outputs[i];
      if (known.has(name ?? "")) throw new ModelError(where, { expected: "names that are given once", got: name });
      site.shaped(result.shape);
      if (name) known.set(name, result);
      else result.dispose();
    }
  }
  const result = knownAs(known, wanted, where);
  const scores = result instanceof Fixed || result === undefined ? undefined : result.ref;
  for (const value of known.values()) value.dispose();
  if (scores === undefined) throw new ModelError(where, { expected: "scores that depend on the rows", got: wanted });
  return scores;
}

function knownAs(known: ReadonlyMap<string, Value>, name: string, where: string): Value | undefined {
  if (name === "") return undefined;
  const value = known.get(name);
  if (value === undefined) throw new ModelError(where, { expected: `a tensor ${name} before it is used`, got: "none" });
  return value;
}

/** A single score a row has no dimension of its own. */
const asScores = (x: Tensor, rows: number): Tensor =>
  x.size === rows ? x.reshape([rows]) : x.ndim === 2 ? x : x.reshape([rows, -1]);

const given = ({ shape, values }: FileTensor): Parameter => ({ shape, fill: (_, out) => void out.set(values) });

/** Means and variances of batch norms. */
const momentsIn = ({ nodes }: OnnxFile): ReadonlySet<string> =>
  new Set(nodes.filter(({ op }) => op === "BatchNormalization").flatMap(({ inputs }) => inputs.slice(3)));

/** In a file that was exported here: moments of batch norms, and constants that the graph computes with. */
const isOwnConstant = (name: string): boolean => /^(value:|(mean|variance)\.\d+$)/.test(name);

/** The first output, or what a softmax or sigmoid at the end makes it of. */
function scoresOf({ nodes, outputs }: OnnxFile): string | undefined {
  let name = outputs[0]?.name;
  for (const node of [...nodes].reverse()) {
    if (node.outputs[0] !== name) continue;
    if (!["Softmax", "LogSoftmax", "Sigmoid", "Identity"].includes(node.op)) break;
    name = node.inputs[0];
  }
  return name;
}
