/**
 * The language in which a model is written: named parameters with their first values, and plain functions of them in
 * jax-js, which traces and differentiates them. See `examples/my-model.ts`.
 */
import type { Array as Tensor } from "@jax-js/jax";
import type { Parameter } from "./parameters.ts";

export type { Tensor };

/** What a model may know of its data. */
export interface DataShape {
  /** Shape of one row's input. */
  readonly inputShape: readonly number[];
  /** Entries of one row's input: the product of `inputShape`. */
  readonly inputSize: number;
  readonly classes: number;
}

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
   */
  predict?(params: Tensors<P>, x: Tensor): Tensor;
  /**
   * Mean loss over a batch, a scalar; without it, softmax cross-entropy of `predict`.
   * @param x the inputs, shape [rows, ...inputShape]
   * @param y the targets, int32, shape [rows]
   */
  loss?(params: Tensors<P>, x: Tensor, y: Tensor): Tensor;
}

/** A model, checked by the compiler; returns it as it is. */
export const defineModel = <P extends Parameters>(definition: ModelDefinition<P>): ModelDefinition<P> => definition;
