/**
 * What every lowered function keeps: the value and gradients that jax-js computes, and slopes that finite differences find.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsTree, jit, makeJaxpr, numpy as np, valueAndGrad } from "@jax-js/jax";
import * as ort from "onnxruntime-node";
import { Random } from "../../base/random.ts";
import type { Tensor } from "../jax.ts";
import { encodeModel } from "../onnx/encode.ts";
import type { Graph } from "../onnx/graph.ts";
import { lower, type Program } from "./lower.ts";

/** An argument: the shape of normal entries, or `below` whole numbers of a shape. */
export type Argument = readonly number[] | { readonly below: number; readonly shape: readonly number[] };

/** A function of tensors, given its arguments; its value is summed with fixed weights. */
export type Case = readonly [name: string, f: (...args: Tensor[]) => Tensor, ...args: Argument[]];

type Values = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

const isWhole = (argument: Argument): argument is Exclude<Argument, readonly number[]> => "below" in argument;
const shapeOf = (argument: Argument): number[] => [...(isWhole(argument) ? argument.shape : argument)];

/** @param kinked the slope along the gradient is not its norm: the function jumps, or holds parts of itself still */
export function lowersAsJax(cases: readonly Case[], kinked: readonly string[] = []): void {
  for (const [name, f, ...args] of cases) {
    test(name, async () => {
      const values = args.map((argument, i) => entriesOf(argument, i));
      const inputs = args.map((_, i) => `in:${i}`);
      const real = args.flatMap((argument, i) => (isWhole(argument) ? [] : [i]));
      const outputs = ["value", ...real.map((i) => `gradient:${i}`)];
      const differentiated = valueAndGradient(weighted(f), real);
      const graph = lower(await trace(differentiated, args), inputs, outputs);
      assert.ok(!graph.nodes.some(({ op }) => op === "ScatterND"), "ScatterND loses sums on several threads");
      const run = await runner(graph, args);
      const got = await run(values);
      const tensors = byJax(differentiated, () => values.map((entries, i) => tensorOf(entries, args[i] ?? [])));
      const wanted = await Promise.all(([tensors].flat(2) as Tensor[]).map((tensor) => tensor.data()));
      for (const [i, entries] of wanted.entries()) assertClose(got[i] ?? [], entries, 1e-5, outputs[i] ?? "");
      if (!kinked.includes(name)) await assertSlope(run, values, real, got.slice(1));
      await run.close();
    });
  }
}

/** What jax-js computes, compiled; or not, where its compiler gives up, as it does on some gathers. */
function byJax(f: (...args: Tensor[]) => JsTree<Tensor>, args: () => Tensor[]): JsTree<Tensor> {
  try {
    return jit(f)(...args());
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("jit: "))) throw error;
    return f(...args());
  }
}

/** The slope of the value along its gradient is the gradient's norm. */
async function assertSlope(
  run: Runner,
  values: readonly Values[],
  real: readonly number[],
  gradients: readonly Float32Array[],
): Promise<void> {
  const norm = Math.sqrt(gradients.reduce((sum, g) => sum + g.reduce((total, x) => total + x * x, 0), 0));
  if (norm === 0) return;
  const step = 1e-2;
  const at = async (sign: number): Promise<number> => {
    const moved = values.map((entries, i) => {
      const g = gradients[real.indexOf(i)];
      return g === undefined ? entries : Float32Array.from(entries, (x, k) => x + (sign * step * (g[k] ?? 0)) / norm);
    });
    return (await run(moved))[0]?.[0] ?? Number.NaN;
  };
  const slope = ((await at(1)) - (await at(-1))) / (2 * step);
  assert.ok(Math.abs(slope - norm) < 1e-2 * norm + 1e-3, `slope ${slope}, norm of the gradient ${norm}`);
}

const weighted =
  (f: Case[1]) =>
  (...args: Tensor[]): Tensor => {
    const value = f(...args);
    const { shape } = value;
    return value.mul(np.array(draws("weights", shape), { shape })).sum();
  };

function draws(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const rng = Random.fromSeed(1).split(name);
  return new Float32Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => rng.normal(i));
}

function entriesOf(argument: Argument, i: number): Values {
  if (!isWhole(argument)) return draws(`argument/${i}`, argument);
  const rng = Random.fromSeed(2).split(`argument/${i}`);
  return Int32Array.from({ length: argument.shape.reduce((a, b) => a * b, 1) }, (_, k) => rng.below(k, argument.below));
}

const tensorOf = (entries: Values, argument: Argument): Tensor =>
  np.array(entries, { shape: shapeOf(argument), dtype: isWhole(argument) ? np.int32 : np.float32 });

export async function trace(f: (...args: Tensor[]) => JsTree<Tensor>, args: readonly Argument[]): Promise<Program> {
  const zeros = args.map((argument) =>
    np.zeros(shapeOf(argument), { dtype: isWhole(argument) ? np.int32 : np.float32 }),
  );
  const { jaxpr } = makeJaxpr(f)(...zeros);
  const constants = await Promise.all(jaxpr.consts.map((c) => (c.ref as Tensor).data()));
  return { jaxpr: jaxpr.jaxpr.flatten().simplify(), constants: constants as Float32Array[] };
}

/** The value and the gradients of the arguments `real`. */
export function valueAndGradient(f: (...args: Tensor[]) => Tensor, real: readonly number[]) {
  const differentiated = valueAndGrad(f, { argnums: [...real] });
  return (...args: Tensor[]): JsTree<Tensor> => differentiated(...args) as JsTree<Tensor>;
}

interface Runner {
  (values: readonly Values[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

async function runner(graph: Graph, args: readonly Argument[]): Promise<Runner> {
  const session = await ort.InferenceSession.create(encodeModel(graph), { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const run = async (values: readonly Values[]) => {
    const tensors = values.map((entries, i) => {
      const shape = shapeOf(args[i] ?? []);
      return entries instanceof Int32Array
        ? new ort.Tensor("int32", entries, shape)
        : new ort.Tensor("float32", entries, shape);
    });
    const results = await session.run(Object.fromEntries(tensors.map((tensor, i) => [`in:${i}`, tensor])));
    return graph.outputs.map(({ name }) => Float32Array.from(results[name]?.data as Float32Array));
  };
  return Object.assign(run, { close: () => session.release() });
}

function assertClose(got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(got.length, wanted.length);
  const scale = Math.max(...Array.from(wanted, Math.abs), wanted.length === 1 ? 1 : 1e-6);
  for (let i = 0; i < wanted.length; i++) {
    const difference = Math.abs((got[i] ?? Number.NaN) - (wanted[i] ?? 0));
    assert.ok(difference <= tolerance * scale, `${what}[${i}]: got ${got[i]}, jax-js ${wanted[i]}`);
  }
}
