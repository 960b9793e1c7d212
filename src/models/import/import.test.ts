import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { numpy as np } from "@jax-js/jax";
import fc from "fast-check";
import * as ort from "onnxruntime-node";
import { ModelError } from "../../base/errors.ts";
import { Random } from "../../base/random.ts";
import type { Dataset } from "../../ports/dataset.ts";
import { exportModel } from "../export.ts";
import { startJax } from "../jax.ts";
import { firstRows, symbolData, syntheticData } from "../model.contract.ts";
import { encodeModel } from "../onnx/encode.ts";
import { GraphBuilder } from "../onnx/graph.ts";
import { ProtoWriter } from "../onnx/protobuf.ts";
import { openDefinition, openModel } from "../open.ts";
import type { Parameter } from "../parameters.ts";
import { judging } from "../pass.ts";
import { onnxDefinition } from "./definition.ts";

const rows = syntheticData(64, [6], 4);
const images = syntheticData(64, [1, 12, 12], 4);
const symbols = symbolData(64, 6, 5);

const ZOO: readonly (readonly [spec: string, data: Dataset])[] = [
  ["softmax", rows],
  ["logistic", syntheticData(64, [6], 2)],
  ["mlp:8,5", rows],
  ["cnn:3,4,8", images],
  ["cnn:3,4,8,norm=batch", images],
  ["resnet:8,width=2", syntheticData(64, [3, 8, 8], 4)],
  ["gpt:layers=1,heads=2,width=8", symbols],
  ["lstm:7,embedding=4", symbols],
];

for (const [spec, data] of ZOO) {
  test(`${spec}: exported and brought back it has the same scores, and can be trained on`, async () => {
    const model = await openModel(spec, data, { batch: 16 });
    const params = new Float32Array(model.layout.length);
    model.init(Random.fromSeed(3), params);
    const own = await model.evaluate(params, data);
    await model.close();
    const { bytes } = await exportModel(spec, params, data);

    for (const engine of ["ort", "jax"] as const) {
      const back = await openDefinition(onnxDefinition(bytes, "file"), data, { batch: 16, engine });
      const names = model.layout.tensors.map(({ name }) => name);
      assert.deepEqual(back.layout.tensors.map(({ name }) => name).sort(), names.sort());
      const first = new Float32Array(back.layout.length);
      back.init(Random.fromSeed(99), first);
      const metrics = await back.evaluate(first, data);
      assert.equal(metrics.accuracy, own.accuracy);
      const batch = firstRows(data, 16);
      const gradient = new Float32Array(first.length);
      const before = await back.gradient(first, batch, gradient);
      const rate = 0.01 / Math.max(1, Math.hypot(...gradient));
      for (let i = 0; i < first.length; i++) first[i] = (first[i] ?? 0) - rate * (gradient[i] ?? 0);
      const after = await back.gradient(first, batch, gradient);
      assert.ok(after < before, `${engine}: ${before} → ${after}`);
      await back.close();
    }
  });
}

test("a file is opened by its path, with its tensors as the first parameters whatever the seed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "thinwire-onnx-"));
  const path = join(folder, "model.onnx");
  const params = Float32Array.from({ length: 6 * 4 + 4 }, (_, i) => Math.fround(i / 10));
  await writeFile(path, (await exportModel("softmax", params, rows)).bytes);
  const model = await openModel(path, rows, { batch: 8 });
  const first = new Float32Array(params.length);
  model.init(Random.fromSeed(7), first);
  const order = model.layout.tensors.map(({ name }) => name);
  assert.deepEqual(order.sort(), ["bias", "weight"]);
  assert.deepEqual([...first].sort(), [...params].sort());
  await model.close();
  await mkdir(join(folder, "folder.onnx"));
  await assert.rejects(openModel(join(folder, "folder.onnx"), rows, { batch: 8 }), ModelError);
  await rm(folder, { recursive: true });
});

type Attributes = Parameters<GraphBuilder["node"]>[3];

interface Case {
  readonly op: string;
  readonly from: number[];
  readonly to: number[];
  readonly attributes?: Attributes;
  readonly more?: (graph: GraphBuilder) => string[];
}

const reals = (shape: number[], from = 0): Float32Array =>
  Float32Array.from({ length: shape.reduce((product, n) => product * n, 1) }, (_, i) => Math.sin(7 * i + from));

const tensor =
  (...shape: number[]) =>
  (graph: GraphBuilder) =>
    graph.constant("float32", shape, reals(shape, 1));

const CASES: readonly Case[] = [
  ...["Relu", "Sigmoid", "Tanh", "Exp", "Neg", "Abs", "Erf", "Softplus", "HardSwish", "Sin", "Cos", "Floor"].map(
    (op): Case => ({ op, from: [3, 5], to: [3, 5] }),
  ),
  { op: "LeakyRelu", from: [3, 5], to: [3, 5], attributes: { alpha: { float: 0.2 } } },
  { op: "Elu", from: [3, 5], to: [3, 5], attributes: { alpha: { float: 0.7 } } },
  { op: "Clip", from: [3, 5], to: [3, 5], more: (g) => [g.scalar("float32", -0.3), g.scalar("float32", 0.4)] },
  { op: "Pow", from: [3, 5], to: [3, 5], more: (g) => [g.scalar("float32", 3)] },
  ...["Add", "Sub", "Mul", "Div", "Max", "Min"].map(
    (op): Case => ({ op, from: [3, 5], to: [3, 5], more: (g) => [tensor(5)(g)] }),
  ),
  { op: "Softmax", from: [3, 4, 5], to: [3, 4, 5], attributes: { axis: 1 } },
  { op: "LogSoftmax", from: [3, 5], to: [3, 5], attributes: { axis: -1 } },
  { op: "ReduceSum", from: [3, 4, 5], to: [3, 4], more: (g) => [g.integers([-1])], attributes: { keepdims: 0 } },
  { op: "ReduceMean", from: [3, 4, 5], to: [3, 1, 5], more: (g) => [g.integers([1])] },
  { op: "ReduceMax", from: [3, 4, 5], to: [3, 1, 1], more: (g) => [g.integers([1, 2])] },
  { op: "Flatten", from: [3, 4, 5], to: [3, 20] },
  { op: "Reshape", from: [3, 4, 5], to: [3, 2, 10], more: (g) => [g.integers([0, 2, -1])] },
  { op: "Transpose", from: [3, 4, 5], to: [3, 5, 4], attributes: { perm: [0, 2, 1] } },
  { op: "Squeeze", from: [3, 1, 5], to: [3, 5], more: (g) => [g.integers([1])] },
  { op: "Unsqueeze", from: [3, 5], to: [3, 1, 5, 1], more: (g) => [g.integers([1, -1])] },
  { op: "Expand", from: [3, 1, 5], to: [3, 4, 5], more: (g) => [g.integers([4, 1])] },
  { op: "Concat", from: [3, 5], to: [3, 7], more: (g) => [tensor(3, 2)(g)], attributes: { axis: 1 } },
  {
    op: "Slice",
    from: [3, 9, 8],
    to: [3, 4, 3],
    more: (g) => [g.integers([1, -6]), g.integers([8, 999]), g.integers([1, 2]), g.integers([2, 2])],
  },
  { op: "Pad", from: [3, 4], to: [3, 7], more: (g) => [g.integers([0, 1, 0, 2]), g.scalar("float32", -2)] },
  { op: "Gather", from: [3, 5], to: [3, 2], more: (g) => [g.integers([4, -5])], attributes: { axis: 1 } },
  { op: "MatMul", from: [3, 4, 5], to: [3, 4, 2], more: (g) => [tensor(5, 2)(g)] },
  { op: "Gemm", from: [3, 5], to: [3, 2], more: (g) => [tensor(2, 5)(g), tensor(2)(g)], attributes: { transB: 1 } },
  {
    op: "Gemm",
    from: [3, 5],
    to: [3, 2],
    more: (g) => [tensor(5, 2)(g), tensor(3, 2)(g)],
    attributes: { alpha: { float: 0.5 }, beta: { float: 2 } },
  },
  {
    op: "Conv",
    from: [3, 2, 7, 6],
    to: [3, 4, 7, 6],
    more: (g) => [tensor(4, 2, 3, 3)(g), tensor(4)(g)],
    attributes: { pads: [1, 1, 1, 1] },
  },
  {
    op: "Conv",
    from: [3, 4, 7, 6],
    to: [3, 4, 3, 5],
    more: (g) => [tensor(4, 1, 3, 3)(g)],
    attributes: { group: 4, strides: [2, 1], pads: [0, 1, 1, 2], dilations: [1, 2] },
  },
  { op: "Conv", from: [3, 2, 9], to: [3, 4, 7], more: (g) => [tensor(4, 2, 3)(g), tensor(4)(g)] },
  {
    op: "Conv",
    from: [3, 2, 7, 7],
    to: [3, 2, 4, 4],
    more: (g) => [tensor(2, 2, 3, 3)(g)],
    attributes: { auto_pad: "SAME_UPPER", strides: [2, 2] },
  },
  {
    op: "MaxPool",
    from: [3, 2, 7, 7],
    to: [3, 2, 4, 4],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  },
  { op: "AveragePool", from: [3, 2, 6, 6], to: [3, 2, 3, 3], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
  { op: "GlobalAveragePool", from: [3, 2, 4, 5], to: [3, 2, 1, 1] },
  { op: "GlobalMaxPool", from: [3, 2, 4, 5], to: [3, 2, 1, 1] },
  {
    op: "BatchNormalization",
    from: [3, 2, 4, 4],
    to: [3, 2, 4, 4],
    more: (g) => [tensor(2)(g), tensor(2)(g), tensor(2)(g), g.constant("float32", [2], Float32Array.of(0.5, 2))],
  },
  { op: "LayerNormalization", from: [3, 4, 5], to: [3, 4, 5], more: (g) => [tensor(5)(g), tensor(5)(g)] },
  { op: "InstanceNormalization", from: [3, 2, 4, 4], to: [3, 2, 4, 4], more: (g) => [tensor(2)(g), tensor(2)(g)] },
];

test("operators give what ONNX Runtime gives", async () => {
  await startJax();
  for (const { op, from, to, attributes, more } of CASES) {
    const graph = new GraphBuilder();
    const x = graph.input("x", "float32", from);
    const result = graph.node(op, [x, ...(more?.(graph) ?? [])], to, attributes);
    const weight = graph.constant("float32", to.slice(1), reals(to.slice(1), 2));
    graph.output("scores", "float32", graph.node("Add", [result, weight], to));
    const bytes = encodeModel(graph.finish());
    const entries = reals(from);
    const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
    const { scores } = await session.run({ x: new ort.Tensor("float32", entries, from) });
    await session.release();
    const [got, wanted] = [await replayed(bytes, entries, from), scores!.data as Float32Array];
    assert.equal(got.length, wanted.length, op);
    for (const [i, y] of wanted.entries()) {
      assert.ok(Math.abs(got[i]! - y) <= 1e-5 * (1 + Math.abs(y)), `${op}[${i}]: ${got[i]}, in ONNX Runtime ${y}`);
    }
  }
});

/** The scores of a file on its own first parameters. */
async function replayed(bytes: Uint8Array, entries: Float32Array, shape: number[]): Promise<ArrayLike<number>> {
  const { parameters, predict } = onnxDefinition(bytes, "file");
  const tensors = Object.entries(parameters).map(([name, parameter]: [string, Parameter]) => {
    const values = new Float32Array(parameter.shape.reduce((product, n) => product * n, 1));
    parameter.fill(Random.fromSeed(1), values);
    return [name, np.array(values, { shape: [...parameter.shape] })];
  });
  assert.ok(predict !== undefined);
  return predict(Object.fromEntries(tensors), np.array(entries.slice(), { shape }), judging([])).data();
}

test("shapes that a file computes from its input are followed: as many rows as there are, flattened", async () => {
  const graph = new GraphBuilder();
  const x = graph.input("x", "float32", [4, 2, 3]);
  const shape = graph.node("Shape", [x], [3]);
  const rows = graph.node("Gather", [shape, graph.constant("int64", [], BigInt64Array.of(0n))], []);
  const first = graph.node("Unsqueeze", [rows, graph.integers([0])], [1]);
  const asked = graph.node("Concat", [first, graph.integers([-1])], [2], { axis: 0 });
  const flat = graph.node("Reshape", [x, asked], [4, 6]);
  const weight = graph.constant("float32", [6, 3], reals([6, 3]));
  graph.output("scores", "float32", graph.node("Softmax", [graph.node("MatMul", [flat, weight], [4, 3])], [4, 3]));
  const got = await replayed(encodeModel(graph.finish()), reals([5, 2, 3]), [5, 2, 3]);
  const [input, table] = [reals([5, 2, 3]), reals([6, 3])];
  for (let row = 0; row < 5; row++) {
    for (let k = 0; k < 3; k++) {
      let sum = 0;
      for (let i = 0; i < 6; i++) sum += input[6 * row + i]! * table[3 * i + k]!;
      assert.ok(Math.abs(got[3 * row + k]! - sum) < 1e-5, "scores are taken before the softmax");
    }
  }
});

test("any bytes are a model or a ModelError, and so are damaged files", async () => {
  const total = (bytes: Uint8Array): boolean => {
    try {
      onnxDefinition(bytes, "file");
      return true;
    } catch (error) {
      if (error instanceof ModelError) return true;
      throw error;
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), total));
  const { bytes } = await exportModel("softmax", new Float32Array(28), rows);
  const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 4 });
  fc.assert(
    fc.property(flips, fc.nat(bytes.length), (changes, length) => {
      const damaged = bytes.slice(0, length);
      for (const [at, byte] of changes) damaged[at % Math.max(1, length)] = byte;
      return total(damaged);
    }),
    { numRuns: 500 },
  );
});

test("operators that are not known, weights elsewhere and several inputs are refused by name", () => {
  const graph = new GraphBuilder();
  const x = graph.input("x", "float32", [2, 3]);
  graph.output("y", "float32", graph.node("Mystery", [x, tensor(3)(graph)], [2, 3]));
  assert.throws(() => onnxDefinition(encodeModel(graph.finish()), "file"), /Mystery/);
  const two = new GraphBuilder();
  const sum = two.node("Add", [two.input("a", "float32", [2, 3]), two.input("b", "float32", [2, 3])], [2, 3]);
  two.output("y", "float32", two.node("Mul", [sum, tensor(3)(two)], [2, 3]));
  assert.throws(() => onnxDefinition(encodeModel(two.finish()), "file"), /one input/);
  const external = new ProtoWriter().message(7, (to) => to.message(5, (t) => t.integer(2, 1).integer(14, 1))).finish();
  assert.throws(() => onnxDefinition(external, "file"), /weights inside/);
});

test("shapes that are too large are refused by the operator that asks for them, before anything is computed", async () => {
  await startJax();
  const traced = (from: number[], op: string, more: (g: GraphBuilder) => string[], attributes?: Attributes) => {
    const graph = new GraphBuilder();
    const x = graph.input("x", "float32", from);
    const result = graph.node(op, [x, ...more(graph)], from, attributes);
    graph.output("scores", "float32", graph.node("Mul", [result, tensor(...from.slice(1))(graph)], from));
    return replayed(encodeModel(graph.finish()), reals(from), from);
  };
  const huge = 2 ** 40;
  const image = [1, 1, 4, 4];
  const none = () => [];
  const cases = [
    () => traced([2, 3], "Expand", (g) => [g.integers([huge, huge])]),
    () => traced([2, 3], "Reshape", (g) => [g.integers([-2, -3])]),
    () => traced([2, 3], "Pad", (g) => [g.integers([0, 0, 0, huge])]),
    () => traced([2, 3], "Unsqueeze", (g) => [g.integers([2, 3, 4, 5, 6, 7, 8])]),
    () => traced([2, 3], "Expand", (g) => [g.integers(Array(5000).fill(1))]),
    () => traced(image, "MaxPool", none, { kernel_shape: [huge, huge], pads: [huge, huge, huge, huge] }),
    () => traced(image, "Conv", (g) => [tensor(1, 1, 1, 1)(g)], { pads: [huge, huge, huge, huge] }),
  ];
  for (const [i, run] of cases.entries()) await assert.rejects(run, /operator .*: expected .*at most/, `case ${i}`);
});

test("lists of a file have limits, so that small fields do not become much memory", () => {
  const many = (pair: number[]) => Uint8Array.from({ length: 20_000 }, (_, i) => pair[i % 2]!);
  const [empty, ones] = [many([10, 0]), many([1, 1])]; // fields of number 1 without content; whole numbers
  const node = new ProtoWriter().message(5, (attribute) => attribute.bytes(8, ones)).finish();
  const tensors = new ProtoWriter().bytes(1, ones).finish();
  const port = new ProtoWriter().message(2, (type) => type.message(1, (inner) => inner.bytes(2, empty))).finish();
  for (const [field, content, about] of [
    [1, empty, /4096 inputs, outputs or attributes/],
    [1, node, /4096 whole numbers/],
    [5, tensors, /8 dimensions/],
    [11, port, /8 dimensions/],
  ] as const) {
    const bytes = new ProtoWriter().message(7, (graph) => graph.bytes(field, content)).finish();
    assert.throws(
      () => onnxDefinition(bytes, "file"),
      (error) => error instanceof ModelError && about.test(error.message),
    );
  }
});
