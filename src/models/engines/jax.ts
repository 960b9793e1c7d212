/**
 * jax-js's own WebAssembly kernels: runs every model, in Node and in browsers, five to ten times slower than ONNX Runtime.
 */
import { type DType, jit, numpy as np, type OwnedFunction } from "@jax-js/jax";
import { assert } from "../../base/errors.ts";
import { tensorOf } from "../../base/layout.ts";
import type { Engine, Evaluation, EvaluationStep, GradientStep, MomentsStep } from "../engine.ts";
import { argumentsOf, extrasOf, type JsTree, modelCode, startJax, type Tensor } from "../jax.ts";
import { asProducts } from "../layers/form.ts";
import { type Kind, messageOf, type Objective } from "../objective.ts";

/** @throws {ModelError} where there is no WebAssembly */
export async function openJax(): Promise<Engine> {
  await startJax();
  return {
    name: "jax-js wasm",
    gradientStep,
    evaluationStep,
    momentsStep,
  };
}

async function gradientStep(objective: Objective, rows: number): Promise<GradientStep> {
  const step = await JaxStep.open(objective, "gradient", rows);
  return {
    noise: step.extras.map((shape) => shape.reduce((product, n) => product * n, 1)),
    run: (params, inputs, targets, noise, out) =>
      step.run(params, inputs, targets, noise, async ([loss, ...gradients]) => {
        for (const [i, slot] of objective.trained.entries()) tensorOf(out, slot).set(await dataOf(gradients[i]));
        return lossOf(loss);
      }),
    close: () => step.close(),
  };
}

async function evaluationStep(objective: Objective, rows: number): Promise<EvaluationStep> {
  const step = await JaxStep.open(objective, "evaluation", rows);
  return {
    moments: step.extras.length,
    run: (params, inputs, targets, moments) =>
      step.run(params, inputs, targets, moments, async ([loss, scores]): Promise<Evaluation> => {
        if (scores === undefined) return { loss: await lossOf(loss) };
        return { loss: await lossOf(loss), scores: Float32Array.from(await dataOf(scores)) };
      }),
    close: () => step.close(),
  };
}

async function momentsStep(objective: Objective, rows: number): Promise<MomentsStep> {
  const step = await JaxStep.open(objective, "moments", rows);
  return {
    run: (params, inputs, targets) =>
      step.run(params, inputs, targets, [], (found) =>
        Promise.all(found.map(async (tensor) => Float32Array.from(await dataOf(tensor)))),
      ),
    close: () => step.close(),
  };
}

type Positional = (...tensors: Tensor[]) => JsTree<Tensor>;

/** A compiled function of the parameters and one batch. */
class JaxStep {
  readonly #objective: Objective;
  readonly #compiled: OwnedFunction<Positional>;
  readonly #plain: Positional;
  #function: Positional;
  /** Shapes of what it takes after the targets. */
  readonly extras: readonly number[][];
  readonly #arguments: readonly { shape: number[]; dtype: DType }[];

  private constructor(objective: Objective, kind: Kind, rows: number, extras: readonly number[][]) {
    this.#objective = objective;
    this.extras = extras;
    this.#compiled = jit<Positional>(objective[kind]);
    this.#function = this.#compiled;
    this.#plain = objective[kind];
    this.#arguments = [
      ...argumentsOf(objective, rows),
      ...extras.map((shape) => ({ shape: [...shape], dtype: np.float32 })),
    ];
  }

  static async open(objective: Objective, kind: Kind, rows: number): Promise<JaxStep> {
    return new JaxStep(objective, kind, rows, await extrasOf(objective, kind, rows));
  }

  async run<T>(
    params: Float32Array,
    inputs: Float32Array,
    targets: Int32Array,
    extras: readonly Float32Array[],
    read: (results: readonly Tensor[]) => Promise<T>,
  ): Promise<T> {
    const parts = this.#objective.layout.tensors.map((slot) => tensorOf(params, slot));
    // Copied: jax-js does not take shared memory, and may keep the array until it runs.
    const entries = [...parts, inputs, targets, ...extras].map((part) => part.slice());
    const results = modelCode(this.#objective, () =>
      asProducts(() => this.#call(() => entries.map((part, i) => np.array(part, this.#arguments[i])))),
    );
    return read([results].flat(2) as Tensor[]); // a list of tensors, or of lists of them
  }

  /** The compiled function; where jax-js's compiler gives up, as it does on some gathers, the plain one from then on. */
  #call(tensors: () => Tensor[]): JsTree<Tensor> {
    try {
      return this.#function(...tensors());
    } catch (error) {
      if (this.#function === this.#plain || !messageOf(error).startsWith("jit: ")) throw error;
      this.#function = this.#plain;
      return this.#function(...tensors());
    }
  }

  async close(): Promise<void> {
    this.#compiled.dispose();
  }
}

const lossOf = async (loss: Tensor | undefined): Promise<number> => Number((await dataOf(loss))[0]);

function dataOf(tensor: Tensor | undefined): ReturnType<Tensor["data"]> {
  assert(tensor !== undefined, "an objective gives a tensor for each parameter");
  return tensor.data();
}
