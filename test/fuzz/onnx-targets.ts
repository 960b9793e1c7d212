/**
 * Files of models: what is decoded of them, and what their graphs become on jax-js.
 */
import { ModelError } from "../../src/base/errors.ts";
import { dataShapeOf } from "../../src/models/define.ts";
import { OPERATORS, onnxDefinition } from "../../src/models/import/definition.ts";
import { extrasOf, traced } from "../../src/models/jax.ts";
import { lower } from "../../src/models/lowering/lower.ts";
import { objectiveOf } from "../../src/models/objective.ts";
import { decodeOnnx } from "../../src/models/onnx/decode.ts";
import { encodeModel } from "../../src/models/onnx/encode.ts";
import { type Attribute, type Constant, type DType, entriesOf, type Node } from "../../src/models/onnx/graph.ts";
import type { Dice } from "./dice.ts";
import { expect, type FuzzTarget, readOr } from "./target.ts";

const MEMORY = 2 ** 27;
const WHERE = "fuzz";
const ROWS = 3;
const CLASSES = 3;

/** Shapes of a row; a length of the targets is a place here. */
const SHAPES: readonly (readonly number[])[] = [[4], [2, 4], [2, 5, 6]];

const product = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

/** Whole numbers that shapes, axes and windows are made of, and some that they must not be. */
const WHOLE = [0, 1, 1, 2, 2, 3, 4, -1, -2, 7, 1000, -1000, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER];
const LISTED = [
  "axes",
  "strides",
  "pads",
  "dilations",
  "kernel_shape",
  "perm",
  "split",
  "starts",
  "ends",
  "value_ints",
];
const SINGLE = ["axis", "keepdims", "group", "to", "start", "end", "allowzero", "ceil_mode", "transA", "transB"];
/** Operators that keep a shape. */
const CALM = ["Relu", "Tanh", "Sigmoid", "Identity", "Neg", "Exp", "Softmax", "Dropout", "Erf", "Gelu"];

/** A graph under construction: tensors are named by their number. */
class Sketch {
  readonly nodes: Node[] = [];
  readonly constants: Constant[] = [];
  readonly #dice: Dice;
  readonly #names = ["x"];

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  get last(): string {
    return this.#names.at(-1)!;
  }

  some(): string {
    return this.#dice.pick(this.#names);
  }

  constant(dtype: DType, shape: readonly number[], values: readonly number[]): string {
    const name = `c${this.constants.length}`;
    this.constants.push({ name, dtype, shape, bytes: new Uint8Array(entriesOf(dtype, values).buffer) });
    return name;
  }

  reals(shape: readonly number[]): string {
    const values = Array.from({ length: product(shape) }, () => (this.#dice.below(200) - 100) / 100);
    return this.constant("float32", shape, values);
  }

  whole(): string {
    const values = Array.from({ length: this.#dice.below(6) }, () => this.#dice.pick(WHOLE));
    return this.constant("int64", [values.length], values);
  }

  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): void {
    const output = `t${this.nodes.length}`;
    this.nodes.push({ op, inputs, outputs: [output], attributes });
    this.#names.push(output);
  }
}

/** Calm operators, sometimes a wild one among them, and a matrix for the scores. */
function modelFile(shape: readonly number[], dice: Dice): Uint8Array {
  const sketch = new Sketch(dice);
  for (let left = dice.below(4); left > 0; left--) {
    if (dice.below(2) === 0) wildNode(sketch, dice);
    else sketch.node(dice.pick(CALM), [sketch.last]);
  }
  if (dice.below(4) > 0) {
    sketch.node("Flatten", [sketch.last], { axis: 1 });
    sketch.node("Gemm", [sketch.last, sketch.reals([product(shape), CLASSES]), sketch.reals([CLASSES])]);
  }
  const rows = dice.pick(["n", ROWS]);
  return encodeModel({
    nodes: sketch.nodes,
    constants: sketch.constants,
    inputs: [{ name: "x", dtype: "float32", shape: [rows, ...shape] }],
    outputs: [{ name: sketch.last, dtype: "float32", shape: [rows, CLASSES] }],
  });
}

/** Any operator, with any inputs and attributes. */
function wildNode(sketch: Sketch, dice: Dice): void {
  const whole = (): number[] => Array.from({ length: dice.below(5) }, () => dice.pick(WHOLE));
  const shapes = [[], [1], [4], [CLASSES], [2, 4], [4, 4], [3, 2, 2, 2], [2, 1, 3, 3]];
  const more = (): string =>
    dice.pick([() => sketch.whole(), () => sketch.reals(dice.pick(shapes)), () => sketch.some()])();
  const attributes: Record<string, Attribute> = {};
  for (let left = dice.below(3); left > 0; left--) attributes[dice.pick(LISTED)] = whole();
  for (let left = dice.below(3); left > 0; left--) attributes[dice.pick(SINGLE)] = dice.pick(WHOLE);
  const inputs = [dice.below(4) === 0 ? more() : sketch.last, ...Array.from({ length: dice.below(4) }, more)];
  sketch.node(dice.pick([...OPERATORS.keys()]), inputs, attributes);
}

const valid = (place: number, dice: Dice): Uint8Array => modelFile(SHAPES[place]!, dice);
const lengths = [...SHAPES.keys()];

const file: FuzzTarget = {
  name: "onnx",
  memoryLimit: MEMORY,
  lengths,
  valid,
  async check(bytes) {
    const read = await readOr(ModelError, () => decodeOnnx(bytes, WHERE));
    for (const { shape, values } of read?.tensors ?? []) {
      expect(values.length === product(shape), "a tensor does not fill its shape");
    }
    return read !== undefined;
  },
};

/** Read, traced forwards and backwards, and lowered, but not run. */
const model: FuzzTarget = {
  name: "onnx model",
  memoryLimit: MEMORY,
  lengths,
  valid,
  async check(bytes, place) {
    const data = dataShapeOf({ inputShape: SHAPES[place]!, classes: CLASSES });
    const read = await readOr(ModelError, async () => {
      const objective = objectiveOf(onnxDefinition(bytes, WHERE), data);
      for (const kind of ["evaluation", "gradient"] as const) {
        const program = await traced(objective, kind, ROWS, await extrasOf(objective, kind, ROWS));
        const names = [...objective.layout.tensors.map(({ name }) => `p:${name}`), "x", "y"];
        const results =
          kind === "evaluation" ? ["loss", "scores"] : ["loss", ...objective.trained.map(({ name }) => `g:${name}`)];
        lower(program, names, results);
      }
      return objective;
    });
    return read !== undefined;
  },
};

export const onnxTargets: readonly FuzzTarget[] = [file, model];
