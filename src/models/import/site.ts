/**
 * What an operator sees of its place in a graph that is replayed on jax-js: its inputs and attributes.
 */
import { numpy as np } from "@jax-js/jax";
import { ModelError } from "../../base/errors.ts";
import type { Tensor } from "../define.ts";
import { type FileAttribute, type FileNode, ONNX_LIMITS } from "../onnx/decode.ts";

interface Entries {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
  readonly isReal: boolean;
}

/** Entries that are known while the graph is replayed: shapes, axes, tables. */
export class Fixed implements Entries {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
  readonly isReal: boolean;
  #tensor: Tensor | undefined;

  constructor({ shape, values, isReal }: Entries) {
    this.shape = shape;
    this.values = values;
    this.isReal = isReal;
  }

  static integers(values: readonly number[], shape: readonly number[] = [values.length]): Fixed {
    return new Fixed({ shape, values, isReal: false });
  }

  /** With a reference of its own; the entries are copied once. */
  tensor(): Tensor {
    const shape = [...this.shape];
    this.#tensor ??= this.isReal
      ? np.array(Float32Array.from(this.values), { shape })
      : np.array(Int32Array.from(this.values), { shape, dtype: np.int32 });
    return this.#tensor.ref;
  }

  dispose(): void {
    this.#tensor?.dispose();
    this.#tensor = undefined;
  }
}

export type Value = Tensor | Fixed;

/** Entries that operators compute with while the graph is replayed: more than any shape has, and more cannot be a bomb. */
export const MOST_KNOWN = 4096;

/** One operator: what it gives for what it is given. */
export type Operator = (site: Site) => Value | readonly Value[];

export class Site {
  readonly #node: FileNode;
  readonly #values: readonly (Value | undefined)[];
  readonly #where: string;

  /** @param values of the inputs, undefined where an optional one is left out */
  constructor(node: FileNode, values: readonly (Value | undefined)[], where: string) {
    this.#node = node;
    this.#values = values;
    this.#where = where;
  }

  get op(): string {
    return this.#node.op;
  }

  get inputs(): number {
    return this.#values.length;
  }

  get outputs(): number {
    return this.#node.outputs.length;
  }

  has(i: number): boolean {
    return this.#values[i] !== undefined;
  }

  value(i: number): Value {
    const value = this.#values[i];
    if (value === undefined) throw this.complaint(`an input ${i + 1}`, "none");
    return value;
  }

  /** The input as a tensor, with a reference of its own. */
  tensor(i: number): Tensor {
    const value = this.value(i);
    return value instanceof Fixed ? value.tensor() : value.ref;
  }

  shape(i: number): readonly number[] {
    return this.value(i).shape;
  }

  /** The input if its entries are known and are few enough to compute with. */
  known(i: number): Fixed | undefined {
    const value = this.value(i);
    return value instanceof Fixed && value.values.length <= MOST_KNOWN ? value : undefined;
  }

  /** Entries of an input that must be known. */
  fixed(i: number): readonly number[] {
    const known = this.known(i);
    if (known !== undefined) return Array.from(known.values);
    throw this.complaint(`an input ${i + 1} of at most ${MOST_KNOWN} entries that do not depend on the data`, "others");
  }

  /** A shape that is asked for. @throws {ModelError} if it has too many dimensions or entries */
  shaped(shape: readonly number[]): number[] {
    const entries = shape.reduce((product, n) => product * n, 1);
    const isWhole = shape.every((n) => Number.isSafeInteger(n) && n >= 0);
    if (isWhole && shape.length <= ONNX_LIMITS.dimensions && entries <= ONNX_LIMITS.entries) return [...shape];
    const { dimensions, entries: most } = ONNX_LIMITS;
    throw this.complaint(`at most ${dimensions} dimensions and ${most} entries`, `[${shape.slice(0, 2 * dimensions)}]`);
  }

  /** An axis counted from the front. */
  axis(axis: number, rank: number): number {
    const counted = axis < 0 ? axis + rank : axis;
    if (Number.isInteger(counted) && counted >= 0 && counted < rank) return counted;
    throw this.complaint(`an axis of ${rank} dimensions`, axis);
  }

  attribute(name: string): FileAttribute | undefined {
    return this.#node.attributes.get(name);
  }

  integer(name: string, otherwise: number): number {
    return this.attribute(name)?.integer ?? otherwise;
  }

  real(name: string, otherwise: number): number {
    return this.attribute(name)?.real ?? otherwise;
  }

  integers(name: string): readonly number[] | undefined {
    return this.attribute(name)?.integers;
  }

  /** Whole numbers that older files state as an attribute and newer ones as an input. */
  listed(name: string, input: number): readonly number[] | undefined {
    return this.has(input) ? this.fixed(input) : this.integers(name);
  }

  complaint(expected: string, got: unknown): ModelError {
    return new ModelError(`${this.#where}: operator ${this.op}`, { expected, got });
  }
}
