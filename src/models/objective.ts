/**
 * A definition made ready for one kind of data: its layout, and its functions over positional tensors.
 */
import { type JsTree, valueAndGrad } from "@jax-js/jax";
import { ModelError } from "../base/errors.ts";
import { type Layout, layoutOf, tensorOf } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import type { DataShape, ModelDefinition, Parameters, Tensor, Tensors } from "./define.ts";
import { crossEntropy } from "./losses.ts";

/** Arguments of a traced function: every parameter in layout order, then the inputs, then the targets. */
type Positional = (...tensors: Tensor[]) => JsTree<Tensor>;

export interface Objective {
  readonly name: string;
  readonly layout: Layout;
  readonly data: DataShape;
  /** True if `evaluation` also gives scores. */
  readonly hasScores: boolean;
  /** Gives [mean loss, [gradient of every parameter]]. */
  readonly gradient: Positional;
  /** Gives [mean loss], or [mean loss, scores]. */
  readonly evaluation: Positional;
  /** Writes the first parameters. */
  init(rng: Random, params: Float32Array): void;
}

/** @throws {ModelError} if the definition is not complete, or `parameters` throws */
export function objectiveOf<P extends Parameters>(definition: ModelDefinition<P>, data: DataShape): Objective {
  const where = `model ${definition.name}`;
  const { predict, loss } = definition;
  if (predict === undefined && loss === undefined)
    throw new ModelError(where, { expected: "loss or predict, or both" });
  const parameters = parametersOf(definition, data, where);
  const entries = Object.entries(parameters);
  const layout = layoutOf(entries.map(([name, { shape }]) => [name, shape]));

  const scoresOf = (params: Tensors<P>, x: Tensor): Tensor => {
    const scores = definition.predict?.(params, x);
    if (isTensor(scores)) return scores;
    throw new ModelError(`${where}: predict`, { expected: "a tensor of scores", got: scores });
  };
  const lossOf = (params: Tensors<P>, x: Tensor, y: Tensor): Tensor => {
    const value = definition.loss?.(params, x, y) ?? crossEntropy(scoresOf(params, x), y);
    if (isTensor(value) && value.shape.length === 0) return value;
    throw new ModelError(`${where}: loss`, {
      expected: "a scalar, the mean loss over the batch",
      got: isTensor(value) ? `a tensor of shape [${value.shape}]` : value,
      hint: "End it with .mean(), or with .sum() divided by the number of rows.",
    });
  };
  const split = (tensors: readonly Tensor[]): [Tensors<P>, Tensor, Tensor] => {
    const [x, y] = tensors.slice(-2);
    if (x === undefined || y === undefined) throw new ModelError(where, { expected: "inputs and targets" });
    return [named<P>(entries, tensors), x, y];
  };

  // The model consumes references to the parameters; the parameters themselves are consumed here.
  const release = (tensors: readonly Tensor[]) => tensors.slice(0, entries.length).map((tensor) => tensor.dispose());
  const positionalLoss = (...tensors: Tensor[]): Tensor => {
    const value = lossOf(...split(tensors));
    release(tensors);
    return value;
  };
  const differentiated = valueAndGrad(positionalLoss, { argnums: entries.map((_, i) => i) });
  return {
    name: definition.name,
    layout,
    data,
    hasScores: predict !== undefined,
    // valueAndGrad is typed for trees of arguments; here it gives one gradient per argument number.
    gradient: (...tensors) => differentiated(...tensors) as JsTree<Tensor>,
    evaluation: (...tensors) => {
      const [params, x, y] = split(tensors);
      const scores = predict === undefined ? [] : [checkScores(scoresOf(params, x.ref), x, data, where)];
      const value = lossOf(params, x, y);
      release(tensors);
      return [value, ...scores];
    },
    init: (rng, params) => initialise(layout, parameters, rng, params, where),
  };
}

function parametersOf<P extends Parameters>(definition: ModelDefinition<P>, data: DataShape, where: string): P {
  const { parameters } = definition;
  let result: P;
  try {
    result = typeof parameters === "function" ? parameters(data) : parameters;
  } catch (cause) {
    throw new ModelError(`${where}: parameters`, { expected: "named parameters", got: messageOf(cause), cause });
  }
  const bad = Object.entries(result ?? {}).find(([, p]) => !Array.isArray(p?.shape) || typeof p.fill !== "function");
  if (result !== undefined && bad === undefined && Object.keys(result).length > 0) return result;
  throw new ModelError(`${where}: parameters`, {
    expected: "at least one parameter, each made by zeros, he, glorot, normal or constant",
    got: bad === undefined ? "none" : bad[0],
  });
}

/** Tensors by name. Each access makes a reference of its own: in jax-js, every use of a tensor consumes one. */
function named<P extends Parameters>(entries: readonly [string, unknown][], tensors: readonly Tensor[]): Tensors<P> {
  const result = {};
  for (const [i, [name]] of entries.entries()) {
    Object.defineProperty(result, name, { enumerable: true, get: () => tensors[i]?.ref });
  }
  return result as Tensors<P>; // it now has a tensor under every name
}

function initialise(layout: Layout, parameters: Parameters, rng: Random, params: Float32Array, where: string): void {
  for (const slot of layout.tensors) {
    const part = tensorOf(params, slot);
    parameters[slot.name]?.fill(rng.split(slot.name), part);
    if (part.every(Number.isFinite)) continue;
    throw new ModelError(`${where}: parameter ${slot.name}`, {
      expected: "finite first values",
      got: "NaN or infinity",
    });
  }
}

function checkScores(scores: Tensor, x: Tensor, data: DataShape, where: string): Tensor {
  const [rows, classes, ...more] = scores.shape;
  const fits = classes === undefined ? data.classes === 2 : classes === data.classes && more.length === 0;
  if (rows === x.shape[0] && fits) return scores;
  throw new ModelError(`${where}: predict`, {
    expected: `scores of shape [rows, ${data.classes}]${data.classes === 2 ? " or [rows]" : ""}`,
    got: `[${scores.shape}] for ${x.shape[0]} rows`,
  });
}

const isTensor = (value: unknown): value is Tensor => typeof value === "object" && value !== null && "aval" in value;

/** The text of whatever was thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
