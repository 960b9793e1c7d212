/**
 * ONNX Runtime for Node: models run natively, on one thread, at about the speed of PyTorch on the CPU.
 *
 * Nothing is copied: parameters are read where they lie, and gradients are written straight into the caller's flat
 * vector. `run` blocks its thread, and ending a thread inside it aborts the process: close first.
 * Results are the same bits from run to run and from thread to thread of one machine.
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { ModelError } from "../../base/errors.ts";
import { tensorOf } from "../../base/layout.ts";
import type { Engine, EvaluationStep, GradientStep } from "../engine.ts";
import { traced } from "../jax.ts";
import { LoweringError } from "../lowering/error.ts";
import { lower } from "../lowering/lower.ts";
import { messageOf, type Objective } from "../objective.ts";
import { encodeModel } from "../onnx/encode.ts";

type Runtime = typeof import("onnxruntime-node");
type Feeds = Record<string, Tensor>;

/** "extended" leaves out the layout changes of "all", which slow small models down. */
const SESSION: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  graphOptimizationLevel: "extended",
  logSeverityLevel: 3,
};

const INPUTS = "batch:inputs";
const TARGETS = "batch:targets";
const LOSS = "result:loss";
const SCORES = "result:scores";
const parameterName = (name: string): string => `parameter:${name}`;
const gradientName = (name: string): string => `gradient:${name}`;

/** @throws {ModelError} where the optional package onnxruntime-node is not installed, or has no binary */
export async function openOrt(): Promise<Engine> {
  const runtime = await loadRuntime();
  return {
    name: "onnxruntime cpu",
    gradientStep: (objective, rows) => gradientStep(runtime, objective, rows),
    evaluationStep: (objective, rows) => evaluationStep(runtime, objective, rows),
  };
}

async function loadRuntime(): Promise<Runtime> {
  const name = "onnxruntime-node"; // a variable, so that bundlers for browsers pass it over
  try {
    const loaded: Runtime = await import(name);
    return loaded;
  } catch (cause) {
    throw new ModelError("onnxruntime-node", {
      expected: "the package, installed beside thinwire",
      got: messageOf(cause),
      hint: "npm install onnxruntime-node, or choose the jax engine.",
      cause,
    });
  }
}

async function gradientStep(runtime: Runtime, objective: Objective, rows: number): Promise<GradientStep> {
  const { tensors } = objective.layout;
  const outputs = [LOSS, ...tensors.map(({ name }) => gradientName(name))];
  const session = await openSession(runtime, await graphOf(objective, "gradient", rows, outputs));
  const views = new TensorViews(runtime, objective, rows);
  return {
    run: async (params, inputs, targets, out) => {
      const loss = new Float32Array(1);
      const fetches = { ...views.gradients(out), [LOSS]: new runtime.Tensor("float32", loss, []) };
      await session.run({ ...views.parameters(params), ...views.batch(inputs, targets) }, fetches);
      return loss[0] ?? Number.NaN;
    },
    close: () => session.release(),
  };
}

async function evaluationStep(runtime: Runtime, objective: Objective, rows: number): Promise<EvaluationStep> {
  const outputs = objective.hasScores ? [LOSS, SCORES] : [LOSS];
  const session = await openSession(runtime, await graphOf(objective, "evaluation", rows, outputs));
  const views = new TensorViews(runtime, objective, rows);
  return {
    run: async (params, inputs, targets) => {
      const results = await session.run({ ...views.parameters(params), ...views.batch(inputs, targets) }, outputs);
      const loss = Number(results[LOSS]?.data[0]);
      const scores = results[SCORES]?.data;
      return scores instanceof Float32Array ? { loss, scores } : { loss };
    },
    close: () => session.release(),
  };
}

const graphs = new WeakMap<Objective, Map<string, Promise<Uint8Array>>>();

/** The ONNX model of one of an objective's functions; traced and lowered once. */
function graphOf(
  objective: Objective,
  kind: "gradient" | "evaluation",
  rows: number,
  outputs: readonly string[],
): Promise<Uint8Array> {
  const known = graphs.get(objective) ?? new Map<string, Promise<Uint8Array>>();
  graphs.set(objective, known);
  const key = `${kind} ${rows}`;
  const graph = known.get(key) ?? buildGraph(objective, kind, rows, outputs);
  known.set(key, graph);
  return graph;
}

async function buildGraph(
  objective: Objective,
  kind: "gradient" | "evaluation",
  rows: number,
  outputs: readonly string[],
): Promise<Uint8Array> {
  const inputs = [...objective.layout.tensors.map(({ name }) => parameterName(name)), INPUTS, TARGETS];
  return encodeModel(lower(await traced(objective, kind, rows), inputs, outputs));
}

async function openSession(runtime: Runtime, graph: Uint8Array): Promise<InferenceSession> {
  try {
    return await runtime.InferenceSession.create(graph, SESSION);
  } catch (cause) {
    throw new LoweringError("onnxruntime", { expected: "a graph that it can run", got: messageOf(cause), cause });
  }
}

/**
 * ONNX tensors over the caller's vectors, kept as long as the vectors: a caller that always passes the same ones makes
 * them once.
 */
class TensorViews {
  readonly #runtime: Runtime;
  readonly #objective: Objective;
  readonly #rows: number;
  readonly #parameters = new WeakMap<Float32Array, Feeds>();
  readonly #gradients = new WeakMap<Float32Array, Feeds>();
  readonly #inputs = new WeakMap<Float32Array, Tensor>();
  readonly #targets = new WeakMap<Int32Array, Tensor>();

  constructor(runtime: Runtime, objective: Objective, rows: number) {
    this.#runtime = runtime;
    this.#objective = objective;
    this.#rows = rows;
  }

  parameters(vector: Float32Array): Feeds {
    return remembered(this.#parameters, vector, () => this.#slots(vector, parameterName));
  }

  gradients(vector: Float32Array): Feeds {
    return remembered(this.#gradients, vector, () => this.#slots(vector, gradientName));
  }

  batch(inputs: Float32Array, targets: Int32Array): Feeds {
    const { Tensor } = this.#runtime;
    const shape = [this.#rows, ...this.#objective.data.inputShape];
    return {
      [INPUTS]: remembered(this.#inputs, inputs, () => new Tensor("float32", inputs, shape)),
      [TARGETS]: remembered(this.#targets, targets, () => new Tensor("int32", targets, [this.#rows])),
    };
  }

  #slots(vector: Float32Array, nameOf: (name: string) => string): Feeds {
    const { tensors } = this.#objective.layout;
    return Object.fromEntries(
      tensors.map((slot) => [
        nameOf(slot.name),
        new this.#runtime.Tensor("float32", tensorOf(vector, slot), slot.shape),
      ]),
    );
  }
}

function remembered<K extends object, V>(known: WeakMap<K, V>, key: K, make: () => V): V {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
