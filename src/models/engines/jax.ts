/**
 * jax-js's own WebAssembly kernels: runs every model, in Node and in browsers, five to ten times slower than ONNX Runtime.
 */
import { type DType, jit, numpy as np, type OwnedFunction } from "@jax-js/jax";
import { assert } from "../../base/errors.ts";
import { tensorOf } from "../../base/layout.ts";
import type { Engine, Evaluation, EvaluationStep, GradientStep } from "../engine.ts";
import { argumentsOf, type JsTree, modelCode, startJax, type Tensor } from "../jax.ts";
import { messageOf, type Objective } from "../objective.ts";

/** @throws {ModelError} where there is no WebAssembly */
export async function openJax(): Promise<Engine> {
  await startJax();
  return {
    name: "jax-js wasm",
    gradientStep: async (objective, rows) => gradientStep(objective, rows),
    evaluationStep: async (objective, rows) => evaluationStep(objective, rows),
  };
}

function gradientStep(objective: Objective, rows: number): GradientStep {
  const step = new JaxStep(objective, "gradient", rows);
  return {
    run: (params, inputs, targets, out) =>
      step.run(params, inputs, targets, async (loss, gradients) => {
        for (const [i, slot] of objective.layout.tensors.entries()) tensorOf(out, slot).set(await dataOf(gradients[i]));
        return lossOf(loss);
      }),
    close: () => step.close(),
  };
}

function evaluationStep(objective: Objective, rows: number): EvaluationStep {
  const step = new JaxStep(objective, "evaluation", rows);
  return {
    run: (params, inputs, targets) =>
      step.run(params, inputs, targets, async (loss, [scores]): Promise<Evaluation> => {
        if (scores === undefined) return { loss: await lossOf(loss) };
        return { loss: await lossOf(loss), scores: Float32Array.from(await dataOf(scores)) };
      }),
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
  readonly #arguments: readonly { shape: number[]; dtype: DType }[];

  constructor(objective: Objective, kind: "gradient" | "evaluation", rows: number) {
    this.#objective = objective;
    this.#compiled = jit<Positional>(objective[kind]);
    this.#function = this.#compiled;
    this.#plain = objective[kind];
    this.#arguments = argumentsOf(objective, rows);
  }

  async run<T>(
    params: Float32Array,
    inputs: Float32Array,
    targets: Int32Array,
    read: (loss: Tensor | undefined, rest: readonly Tensor[]) => Promise<T>,
  ): Promise<T> {
    const parts = this.#objective.layout.tensors.map((slot) => tensorOf(params, slot));
    // Copied: jax-js does not take shared memory, and may keep the array until it runs.
    const entries = [...parts, inputs, targets].map((part) => part.slice());
    const results = modelCode(this.#objective, () =>
      this.#call(() => entries.map((part, i) => np.array(part, this.#arguments[i]))),
    );
    const [loss, ...rest] = [results].flat(2) as Tensor[]; // a list of tensors, or of lists of them
    return read(loss, rest);
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
