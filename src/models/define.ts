/**
 * The language in which a model is written: named parameters with their first values, and plain functions of them in
 * jax-js, which traces and differentiates them. See `examples/my-model.ts`.
 */
import type { Array as Tensor } from "@jax-js/jax";
import type { Layout } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import type { Parameter } from "./parameters.ts";
import type { Pass } from "./pass.ts";

export type { Pass, Tensor };

/** The part of a data set's description that a model depends on. */
export interface DataInfo {
  /** Shape of one row's input. */
  readonly inputShape: readonly number[];
  readonly classes: number;
}

/** What a model may know of its data. */
export interface DataShape extends DataInfo {
  /** Entries of one row's input: the product of `inputShape`. */
  readonly inputSize: number;
}

export const dataShapeOf = ({ inputShape, classes }: DataInfo): DataShape => ({
  inputShape,
  inputSize: inputShape.reduce((product, n) => product * n, 1),
  classes,
});

export type Parameters = Readonly<Record<string, Parameter>>;

/**
 * The parameters as tensors, by name. Every access gives a reference of its own, so parameters need no `.ref`, however
 * often they are used.
 */
export type Tensors<P extends Parameters = Parameters> = { readonly [Name in keyof P]: Tensor };

/** The tensors that belong to parameters, or to the function that makes them. */
export type TensorsOf<P extends Parameters | ((data: DataShape) => Parameters)> = P extends (data: DataShape) => infer Q
  ? Q extends Parameters
    ? Tensors<Q>
    : never
  : P extends Parameters
    ? Tensors<P>
    : never;

/** Tensors in `predict` and `loss` are consumed by their first use: write `x.ref` for every use but the last. */
export interface ModelDefinition<P extends Parameters = Parameters> {
  /** For the header of a run. */
  readonly name: string;
  /** The parameters; their order is the layout of the flat vector. */
  readonly parameters: P | ((data: DataShape) => P);
  /**
   * Scores of a batch: one per class (shape [rows, classes], the largest wins), or one per row (shape [rows], class 1
   * where it is above 0). Accuracy is computed from them; without `predict` there is none.
   * @param x the inputs, shape [rows, ...inputShape]
   * @param pass for layers that differ between training and judging: dropout and batch norm
   */
  predict?(params: Tensors<P>, x: Tensor, pass: Pass): Tensor;
  /**
   * Mean loss over a batch, a scalar; without it, softmax cross-entropy of `predict`.
   * @param x the inputs, shape [rows, ...inputShape]
   * @param y the targets, int32, shape [rows]
   */
  loss?(params: Tensors<P>, x: Tensor, y: Tensor, pass: Pass): Tensor;
  /**
   * Changes the inputs of a batch before its gradient is taken, as flips and crops do; metrics see rows as they are.
   * @param rng drawn from the batch itself, so that the same batch is changed the same way
   */
  augment?(inputs: Float32Array, rng: Random, out: Float32Array): void;
  /** Rows that are judged at once, default 256; fewer where activations are large, since all of them lie in memory. */
  readonly rowsAtOnce?: number;
  /** Changes a gradient in place before it leaves the model. @param rng drawn from the batch itself */
  finish?(gradient: Float32Array, layout: Layout, rng: Random): void;
  /** Bits of the gradients that flow back into linear and convolution layers; by default they are not rounded. */
  readonly flowBits?: number;
  /** Forms that training takes turns with, over the same parameters; which one a batch is given to is drawn from the batch. */
  readonly alternatives?: readonly ModelDefinition<P>[];
  /** False for parameters that keep their values: their gradient is 0, and costs nothing. By default all are trained. */
  trains?(name: string): boolean;
}

/** A model, checked by the compiler; returns it as it is. */
export const defineModel = <P extends Parameters>(definition: ModelDefinition<P>): ModelDefinition<P> => definition;
