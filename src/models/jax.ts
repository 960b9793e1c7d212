/**
 * jax-js as this folder uses it: started once per thread on its WebAssembly backend, and asked for traces.
 */
import {
  type DType,
  defaultDevice,
  init,
  type JsTree,
  makeJaxpr,
  numpy as np,
  type Array as Tensor,
} from "@jax-js/jax";
import { ModelError, ThinwireError } from "../base/errors.ts";
import type { Program } from "./lowering/lower.ts";
import { type Kind, messageOf, type Objective } from "./objective.ts";

let started: Promise<void> | undefined;

/** Starts jax-js; later calls wait for the first. @throws {ModelError} where there is no WebAssembly */
export function startJax(): Promise<void> {
  started ??= (async () => {
    const devices = await init("wasm");
    if (!devices.includes("wasm")) throw new ModelError("jax-js", { expected: "WebAssembly", got: devices.join(", ") });
    defaultDevice("wasm");
  })();
  return started;
}

/** Shapes and types of an objective's arguments, in order, for a batch of `rows`. */
export function argumentsOf(objective: Objective, rows: number): { shape: number[]; dtype: DType }[] {
  const { layout, data } = objective;
  return [
    ...layout.tensors.map(({ shape }) => ({ shape: [...shape], dtype: np.float32 })),
    { shape: [rows, ...data.inputShape], dtype: np.float32 },
    { shape: [rows], dtype: np.int32 },
  ];
}

/**
 * Shapes of what a function takes after the targets: uniform noise for gradients, moments for metrics.
 * @throws {ModelError} if the model's own code throws
 */
export async function extrasOf(objective: Objective, kind: Kind, rows: number): Promise<number[][]> {
  if (kind === "moments") return [];
  await startJax();
  const asked: number[][] = [];
  const explore = objective.explore(kind, asked, (shape) => np.zeros(shape));
  modelCode(objective, () => makeJaxpr(explore)(...zeros(argumentsOf(objective, rows)))).jaxpr.dispose();
  return asked;
}

const zeros = (args: readonly { shape: number[]; dtype: DType }[]): Tensor[] =>
  args.map(({ shape, dtype }) => np.zeros(shape, { dtype }));

/**
 * Records what one of an objective's functions computes.
 * @param extras shapes of what it takes after the targets
 * @throws {ModelError} if the model's own code throws
 */
export async function traced(
  objective: Objective,
  kind: Kind,
  rows: number,
  extras: readonly number[][],
): Promise<Program> {
  await startJax();
  const examples = zeros([...argumentsOf(objective, rows), ...extras.map((shape) => ({ shape, dtype: np.float32 }))]);
  const { jaxpr: closed } = modelCode(objective, () => makeJaxpr(objective[kind])(...examples));
  const jaxpr = closed.jaxpr.flatten().simplify();
  // jax-js types constants as tracers; outside of a trace they are arrays.
  const constants = await Promise.all(closed.consts.map((constant) => (constant.ref as Tensor).data()));
  closed.dispose();
  return { jaxpr, constants: constants.map((entries) => checkEntries(entries)) };
}

/** Calls code that runs the model's own functions, and turns what they throw into a ModelError. */
export function modelCode<T>(objective: Objective, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof ThinwireError) throw cause;
    const message = messageOf(cause);
    throw new ModelError(`model ${objective.name}`, {
      expected: "functions that trace",
      got: message,
      hint: message.includes(".ref")
        ? "A tensor was used after its last use: write x.ref for every use but the last."
        : "predict and loss may use jax-js functions on their tensors, but not read entries.",
      cause,
    });
  }
}

function checkEntries(entries: ArrayLike<number>): Float32Array | Int32Array | Uint32Array {
  if (entries instanceof Float32Array || entries instanceof Int32Array || entries instanceof Uint32Array)
    return entries;
  throw new ModelError("model constant", { expected: "float32, int32, uint32 or bool", got: entries.constructor.name });
}

export type { JsTree, Tensor };
