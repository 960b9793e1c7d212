/**
 * A graph as the bytes of an ONNX model. Numbers of fields and types are those of onnx.proto; only what the builder can
 * hold is written, so what Thinwire runs stays far below the 2 GB limit of a message: parameters are inputs, and constants only in what it exports.
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import type { Attribute, Constant, DType, Graph, Node, Port } from "./graph.ts";
import { ProtoWriter } from "./protobuf.ts";

/** Version of the file format, and of the operator set that nodes are taken from. */
const IR_VERSION = 9;
const OPERATOR_SET = 18;

/** TensorProto.DataType. */
export const ELEMENT_TYPE: Readonly<Record<DType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9, uint32: 12 };

/** AttributeProto.AttributeType. */
const ATTRIBUTE = { float: 1, integer: 2, text: 3, integers: 7 } as const;

/** The bytes of an `.onnx` file. */
export function encodeModel(graph: Graph): Uint8Array {
  return new ProtoWriter()
    .integer(1, IR_VERSION)
    .text(2, "thinwire")
    .message(7, (to) => writeGraph(to, graph))
    .message(8, (to) => to.text(1, "").integer(2, OPERATOR_SET))
    .finish();
}

function writeGraph(to: ProtoWriter, graph: Graph): void {
  for (const node of graph.nodes) to.message(1, (inner) => writeNode(inner, node));
  to.text(2, "model");
  for (const constant of graph.constants) to.message(5, (inner) => writeConstant(inner, constant));
  for (const input of graph.inputs) to.message(11, (inner) => writeInfo(inner, input));
  for (const output of graph.outputs) to.message(12, (inner) => writeInfo(inner, output));
}

function writeNode(to: ProtoWriter, node: Node): void {
  for (const input of node.inputs) to.text(1, input);
  for (const output of node.outputs) to.text(2, output);
  to.text(4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) {
    to.message(5, (inner) => writeAttribute(inner.text(1, name), value));
  }
}

function writeAttribute(to: ProtoWriter, value: Attribute): void {
  if (typeof value === "string") {
    to.text(4, value).integer(20, ATTRIBUTE.text);
  } else if (typeof value === "number") {
    to.integer(3, value).integer(20, ATTRIBUTE.integer);
  } else if ("float" in value) {
    to.float(2, value.float).integer(20, ATTRIBUTE.float);
  } else {
    for (const entry of value) to.integer(8, entry);
    to.integer(20, ATTRIBUTE.integers);
  }
}

function writeConstant(to: ProtoWriter, constant: Constant): void {
  for (const n of constant.shape) to.integer(1, n);
  to.integer(2, ELEMENT_TYPE[constant.dtype]).text(8, constant.name).bytes(9, constant.bytes);
}

function writeInfo(to: ProtoWriter, info: Port): void {
  to.text(1, info.name).message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.integer(1, ELEMENT_TYPE[info.dtype]);
      tensor.message(2, (shape) => {
        for (const n of info.shape) {
          shape.message(1, (dimension) => (typeof n === "string" ? dimension.text(2, n) : dimension.integer(1, n)));
        }
      });
    }),
  );
}
