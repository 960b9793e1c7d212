/**
 * A definition made ready for one kind of data: its layout, and its functions over positional tensors.
 */
import { type JsTree, valueAndGrad } from "@jax-js/jax";
import { ModelError } from "../base/errors.ts";
import { type Layout, layoutOf, type TensorSlot, tensorOf } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import type { Role } from "../ports/model.ts";
import type { DataShape, ModelDefinition, Parameters, Tensor, Tensors } from "./define.ts";
import { crossEntropy } from "./losses.ts";
import { roleOf } from "./parameters.ts";
import { exploring, judging, learning, measuring, type Pass } from "./pass.ts";
import { gradientWithRoundedFlow, notingCuts } from "./rounded-flow.ts";

/** Arguments of a traced function: every parameter in layout order, the inputs, the targets, and what the kind adds. */
type Positional = (...tensors: Tensor[]) => JsTree<Tensor>;

/** The functions of an objective that are compiled. */
export type Kind = "gradient" | "evaluation" | "moments";

export interface Objective {
  readonly name: string;
  readonly layout: Layout;
  readonly data: DataShape;
  /** What each tensor of the layout is for. */
  readonly roles: readonly Role[];
  /** True if `evaluation` also gives scores. */
  readonly hasScores: boolean;
  /** Rows that are evaluated at once; what is left over runs as a smaller batch. */
  readonly rowsAtOnce: number;
  /** The tensors that have a gradient, in layout order. */
  readonly trained: readonly TensorSlot[];
  /** Gives [mean loss, [gradient of every trained tensor]]; after the targets it takes the noise that the model asks for. */
  readonly gradient: Positional;
  /** Gives [mean loss], or [mean loss, scores]; after the targets it takes the moments that the model asks for. */
  readonly evaluation: Positional;
  /** Gives [mean, variance, mean, …] of each place that asks for moments, on the rows at hand. */
  readonly moments: Positional;
  /** Calls the model and notes the shapes of what a kind takes after the targets. */
  explore(kind: Kind, asked: number[][], zeros: (shape: number[]) => Tensor): Positional;
  /** Writes the first parameters. */
  init(rng: Random, params: Float32Array): void;
  /** Changes a batch before its gradient is taken; absent where rows are taken as they are. */
  readonly augment?: (inputs: Float32Array, rng: Random, out: Float32Array) => void;
  /** What gradients are taken of; empty where it is this objective. */
  readonly alternatives: readonly Objective[];
  /** Changes a gradient in place; absent where it leaves as it is. */
  readonly finish?: (gradient: Float32Array, layout: Layout, rng: Random) => void;
}

const ROWS_AT_ONCE = 256;

/** @throws {ModelError} if the definition is not complete, or `parameters` throws */
export function objectiveOf<P extends Parameters>(definition: ModelDefinition<P>, data: DataShape): Objective {
  const where = `model ${definition.name}`;
  const { predict, loss } = definition;
  if (predict === undefined && loss === undefined)
    throw new ModelError(where, { expected: "loss or predict, or both" });
  const parameters = parametersOf(definition, data, where);
  const entries = Object.entries(parameters);
  const layout = layoutOf(entries.map(([name, { shape }]) => [name, shape]));

  const scoresOf = (params: Tensors<P>, x: Tensor, pass: Pass): Tensor => {
    const scores = definition.predict?.(params, x, pass);
    if (isTensor(scores)) return scores;
    throw new ModelError(`${where}: predict`, { expected: "a tensor of scores", got: scores });
  };
  const lossOf = (params: Tensors<P>, x: Tensor, y: Tensor, pass: Pass): Tensor => {
    const value = definition.loss?.(params, x, y, pass) ?? crossEntropy(scoresOf(params, x, pass), y);
    if (isTensor(value) && value.shape.length === 0) return value;
    throw new ModelError(`${where}: loss`, {
      expected: "a scalar, the mean loss over the batch",
      got: isTensor(value) ? `a tensor of shape [${value.shape}]` : value,
      hint: "End it with .mean(), or with .sum() divided by the number of rows.",
    });
  };
  const count = entries.length;
  const split = (tensors: readonly Tensor[]): { params: Tensors<P>; x: Tensor; y: Tensor; more: readonly Tensor[] } => {
    const [x, y] = tensors.slice(count);
    if (x === undefined || y === undefined) throw new ModelError(where, { expected: "inputs and targets" });
    return { params: named<P>(entries, tensors), x, y, more: tensors.slice(count + 2) };
  };
  // The model consumes references to the parameters, noise and moments; they themselves are consumed here.
  const release = (tensors: readonly Tensor[]): void => {
    for (const [i, tensor] of tensors.entries()) if (i < count || i >= count + 2) tensor.dispose();
  };

  const positionalLoss = (...tensors: Tensor[]): Tensor => {
    const { params, x, y, more } = split(tensors);
    const value = lossOf(params, x, y, learning(more));
    release(tensors);
    return value;
  };
  const trained = layout.tensors.filter(({ name }) => definition.trains?.(name) !== false);
  if (trained.length === 0) throw new ModelError(where, { expected: "a parameter that is trained" });
  const { flowBits } = definition;
  const argnums = trained.map((slot) => layout.tensors.indexOf(slot));
  // valueAndGrad is typed for trees of arguments; here it gives one gradient per argument number.
  const gradient =
    flowBits === undefined
      ? (valueAndGrad(positionalLoss, { argnums }) as Positional)
      : gradientWithRoundedFlow(positionalLoss, argnums, flowBits);
  return {
    name: definition.name,
    layout,
    data,
    roles: entries.map(([, parameter]) => roleOf(parameter)),
    hasScores: predict !== undefined,
    rowsAtOnce: definition.rowsAtOnce ?? ROWS_AT_ONCE,
    trained,
    gradient,
    evaluation: (...tensors) => {
      const { params, x, y, more } = split(tensors);
      const scores = predict === undefined ? [] : [scoresOf(params, x.ref, judging(more))];
      const checked = scores.map((tensor) => checkScores(tensor, x, data, where));
      const value = lossOf(params, x, y, judging(more));
      release(tensors);
      return [value, ...checked];
    },
    moments: (...tensors) => {
      const { params, x, y } = split(tensors);
      const found: Tensor[] = [];
      lossOf(params, x, y, measuring(found)).dispose();
      release(tensors);
      return found;
    },
    explore:
      (kind, asked, zeros) =>
      (...tensors) => {
        const { params, x, y } = split(tensors);
        const cuts: number[][] = [];
        const value = notingCuts(cuts, () => lossOf(params, x, y, exploring(kind === "gradient", asked, zeros)));
        if (kind === "gradient" && flowBits !== undefined) asked.push(...cuts);
        release(tensors);
        return value;
      },
    init: (rng, params) => initialise(layout, parameters, rng, params, where),
    alternatives: (definition.alternatives ?? []).map((alternative) => objectiveOf(alternative, data)),
    ...(definition.augment && { augment: definition.augment }),
    ...(definition.finish && { finish: definition.finish }),
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
