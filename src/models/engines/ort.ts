/**
 * ONNX Runtime for Node: models run natively, on one thread, at about the speed of PyTorch on the CPU.
 *
 * Nothing is copied: parameters are read where they lie, and gradients are written straight into the caller's flat
 * vector. `run` blocks its thread, and ending a thread inside it aborts the process: close first.
 * Results are the same bits from run to run and from thread to thread of one machine.
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { ModelError } from "../../base/errors.ts";
import { type TensorSlot, tensorOf } from "../../base/layout.ts";
import type { Engine, EvaluationStep, GradientStep, MomentsStep } from "../engine.ts";
import { extrasOf, traced } from "../jax.ts";
import { LoweringError } from "../lowering/error.ts";
import { lower } from "../lowering/lower.ts";
import { type Kind, messageOf, type Objective } from "../objective.ts";
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
const extraName = (i: number): string => `extra:${i}`;
const momentName = (i: number): string => `moment:${i}`;

/** @throws {ModelError} where the optional package onnxruntime-node is not installed, or has no binary */
export async function openOrt(): Promise<Engine> {
  const runtime = await loadRuntime();
  return {
    name: "onnxruntime cpu",
    gradientStep: (objective, rows) => gradientStep(runtime, objective, rows),
    evaluationStep: (objective, rows) => evaluationStep(runtime, objective, rows),
    momentsStep: (objective, rows) => momentsStep(runtime, objective, rows),
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
  const { session, views, extras } = await openStep(runtime, objective, "gradient", rows);
  return {
    noise: extras.map((shape) => shape.reduce((product, n) => product * n, 1)),
    run: async (params, inputs, targets, noise, out) => {
      const loss = new Float32Array(1);
      const fetches = { ...views.gradients(out), [LOSS]: new runtime.Tensor("float32", loss, []) };
      await session.run(views.all(params, inputs, targets, noise), fetches);
      return loss[0] ?? Number.NaN;
    },
    close: () => session.release(),
  };
}

async function evaluationStep(runtime: Runtime, objective: Objective, rows: number): Promise<EvaluationStep> {
  const { session, views, extras, outputs } = await openStep(runtime, objective, "evaluation", rows);
  return {
    moments: extras.length,
    run: async (params, inputs, targets, moments) => {
      const results = await session.run(views.all(params, inputs, targets, moments), outputs);
      const loss = Number(results[LOSS]?.data[0]);
      const scores = results[SCORES]?.data;
      return scores instanceof Float32Array ? { loss, scores } : { loss };
    },
    close: () => session.release(),
  };
}

async function momentsStep(runtime: Runtime, objective: Objective, rows: number): Promise<MomentsStep> {
  const { session, views, outputs } = await openStep(runtime, objective, "moments", rows);
  return {
    run: async (params, inputs, targets) => {
      const results = await session.run(views.all(params, inputs, targets, []), outputs);
      return outputs.map((name) => Float32Array.from(results[name]?.data as Float32Array)); // all results are f32
    },
    close: () => session.release(),
  };
}

/** A session of one of an objective's functions, and the tensors that it is fed with. */
async function openStep(runtime: Runtime, objective: Objective, kind: Kind, rows: number) {
  const { bytes, extras, outputs } = await graphOf(objective, kind, rows);
  const session = await openSession(runtime, bytes);
  return { session, outputs, extras, views: new TensorViews(runtime, objective, rows, extras) };
}

interface CompiledGraph {
  readonly bytes: Uint8Array;
  readonly outputs: readonly string[];
  /** Shapes of what the function takes after the targets. */
  readonly extras: readonly number[][];
}

const graphs = new WeakMap<Objective, Map<string, Promise<CompiledGraph>>>();

/** The ONNX model of one of an objective's functions; traced and lowered once. */
function graphOf(objective: Objective, kind: Kind, rows: number): Promise<CompiledGraph> {
  const known = graphs.get(objective) ?? new Map<string, Promise<CompiledGraph>>();
  graphs.set(objective, known);
  const key = `${kind} ${rows}`;
  const graph = known.get(key) ?? buildGraph(objective, kind, rows);
  known.set(key, graph);
  return graph;
}

async function buildGraph(objective: Objective, kind: Kind, rows: number): Promise<CompiledGraph> {
  const extras = await extrasOf(objective, kind, rows);
  const program = await traced(objective, kind, rows, extras);
  const parameters = objective.layout.tensors.map(({ name }) => name);
  const inputs = [...parameters.map(parameterName), INPUTS, TARGETS, ...extras.map((_, i) => extraName(i))];
  const outputs = {
    gradient: [LOSS, ...objective.trained.map(({ name }) => gradientName(name))],
    evaluation: objective.hasScores ? [LOSS, SCORES] : [LOSS],
    moments: program.jaxpr.outs.map((_, i) => momentName(i)),
  }[kind];
  return { bytes: encodeModel(lower(program, inputs, outputs)), outputs, extras };
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
  readonly #extras: readonly number[][];

  constructor(runtime: Runtime, objective: Objective, rows: number, extras: readonly number[][]) {
    this.#runtime = runtime;
    this.#objective = objective;
    this.#rows = rows;
    this.#extras = extras;
  }

  /** Everything that a session is fed with. */
  all(params: Float32Array, inputs: Float32Array, targets: Int32Array, extras: readonly Float32Array[]): Feeds {
    return { ...this.#slotsOf(params), ...this.#batch(inputs, targets), ...this.#more(extras) };
  }

  #slotsOf(vector: Float32Array): Feeds {
    const { tensors } = this.#objective.layout;
    return remembered(this.#parameters, vector, () => this.#slots(vector, parameterName, tensors));
  }

  #more(extras: readonly Float32Array[]): Feeds {
    const { Tensor } = this.#runtime;
    return Object.fromEntries(
      extras.map((entries, i) => [extraName(i), new Tensor("float32", entries, this.#extras[i] ?? [])]),
    );
  }

  gradients(vector: Float32Array): Feeds {
    return remembered(this.#gradients, vector, () => this.#slots(vector, gradientName, this.#objective.trained));
  }

  #batch(inputs: Float32Array, targets: Int32Array): Feeds {
    const { Tensor } = this.#runtime;
    const shape = [this.#rows, ...this.#objective.data.inputShape];
    return {
      [INPUTS]: remembered(this.#inputs, inputs, () => new Tensor("float32", inputs, shape)),
      [TARGETS]: remembered(this.#targets, targets, () => new Tensor("int32", targets, [this.#rows])),
    };
  }

  #slots(vector: Float32Array, nameOf: (name: string) => string, slots: readonly TensorSlot[]): Feeds {
    return Object.fromEntries(
      slots.map((slot) => [nameOf(slot.name), new this.#runtime.Tensor("float32", tensorOf(vector, slot), slot.shape)]),
    );
  }
}

function remembered<K extends object, V>(known: WeakMap<K, V>, key: K, make: () => V): V {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
