import assert from "node:assert/strict";
import { test } from "node:test";
import * as ort from "onnxruntime-node";
import { encodeModel } from "./encode.ts";
import { GraphBuilder } from "./graph.ts";
import { ProtoWriter } from "./protobuf.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("whole numbers are written as in the format's documentation, negative ones in ten bytes", () => {
  assert.equal(hex(new ProtoWriter().integer(1, 150).finish()), "089601");
  assert.equal(hex(new ProtoWriter().integer(1, 0).finish()), "0800");
  assert.equal(hex(new ProtoWriter().integer(20, 127).integer(20, 128).finish()), "a0017fa0018001");
  assert.equal(hex(new ProtoWriter().integer(3, -1).finish()), "18ffffffffffffffffff01");
});

test("text, bytes, floats and nested messages are written as in the format's documentation", () => {
  assert.equal(hex(new ProtoWriter().text(2, "testing").finish()), "120774657374696e67");
  assert.equal(hex(new ProtoWriter().float(2, 1).finish()), "150000803f");
  assert.equal(hex(new ProtoWriter().message(3, (inner) => inner.integer(1, 150)).finish()), "1a03089601");
  assert.equal(hex(new ProtoWriter().bytes(1, new Uint8Array(300)).finish()).slice(0, 6), "0aac02");
});

function smallGraph(): GraphBuilder {
  const graph = new GraphBuilder();
  const x = graph.input("in:x", "float32", [2, 3]);
  const moved = graph.node("Transpose", [x], [3, 2], { perm: [1, 0] });
  graph.output("out:y", "float32", graph.node("Mul", [moved, graph.scalar("float32", 2)], [3, 2]));
  return graph;
}

test("a small graph has these bytes", () => {
  assert.equal(hex(encodeModel(smallGraph().finish())), GOLDEN.replaceAll(/\s/g, ""));
});

/** Version, producer, graph { two nodes, name, constant, input, output }, operator set. */
const GOLDEN = `
  0809 12 08 7468696e77697265
  3a 8201
    0a 24 0a04696e3a78 12027430 22095472616e73706f7365 2a 0d 0a047065726d 4001 4000 a00107
    0a 14 0a027430 0a027431 12056f75743a79 22034d756c
    12 05 6d6f64656c
    2a 0c 1001 42027431 4a0400000040
    5a 16 0a04696e3a78 12 0e 0a0c 0801 12 08 0a020802 0a020803
    62 17 0a056f75743a79 12 0e 0a0c 0801 12 08 0a020803 0a020802
  42 04 0a00 1012
`;

test("the runtime reads it and computes what it says", async () => {
  const session = await ort.InferenceSession.create(encodeModel(smallGraph().finish()), { intraOpNumThreads: 1 });
  const x = new ort.Tensor("float32", Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  const y = (await session.run({ "in:x": x }))["out:y"];
  assert.deepEqual([...(y?.data ?? [])], [2, 8, 4, 10, 6, 12]);
  assert.deepEqual(y?.dims, [3, 2]);
  await session.release();
});

test("every kind of attribute and constant survives the runtime's reading", async () => {
  const graph = new GraphBuilder();
  const x = graph.input("in:x", "float32", [2]);
  const padded = graph.node("Pad", [x, graph.integers([1, 0]), graph.scalar("float32", -3)], [3], { mode: "constant" });
  const leaky = graph.node("LeakyRelu", [padded], [3], { alpha: { float: 0.5 } });
  const chosen = graph.node("Where", [graph.constant("bool", [3], Uint8Array.of(1, 0, 1)), leaky, padded], [3]);
  graph.output("out:y", "float32", chosen);
  graph.output("out:again", "float32", chosen);
  graph.output("out:x", "float32", x);
  const session = await ort.InferenceSession.create(encodeModel(graph.finish()), { intraOpNumThreads: 1 });
  const results = await session.run({ "in:x": new ort.Tensor("float32", Float32Array.of(-1, -2), [2]) });
  const values = (name: string) => [...(results[name]?.data ?? [])];
  assert.deepEqual(
    [values("out:y"), values("out:again"), values("out:x")],
    [
      [-1.5, -1, -1],
      [-1.5, -1, -1],
      [-1, -2],
    ],
  );
  await session.release();
});

test("equal nodes and small constants are shared, and what no output needs is dropped", () => {
  const graph = smallGraph();
  const x = graph.input("in:unused", "float32", [4]);
  graph.node("Exp", [x], [4]);
  assert.equal(graph.node("Exp", [x], [4]), graph.node("Exp", [x], [4]));
  assert.equal(graph.integers([1, 2]), graph.integers([1, 2]));
  assert.notEqual(graph.scalar("int32", 1), graph.scalar("float32", 1));
  const { nodes, constants, inputs } = graph.finish();
  assert.deepEqual(
    nodes.map(({ op }) => op),
    ["Transpose", "Mul"],
  );
  assert.deepEqual([constants.length, inputs.length], [1, 2]);
});
