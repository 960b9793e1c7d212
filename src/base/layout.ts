/**
 * The layout of a flat vector: named tensors, one behind the other, in one Float32Array.
 */
import { ConfigError, ShapeError } from "./errors.ts";

export interface TensorSlot {
  readonly name: string;
  readonly shape: readonly number[];
  /** First entry of the tensor in the flat vector. */
  readonly offset: number;
  /** Number of entries: the product of the shape. */
  readonly length: number;
}

export interface Layout {
  readonly tensors: readonly TensorSlot[];
  /** d, the length of the flat vector. */
  readonly length: number;
}

/** Lays the named shapes out in the order given. @throws {ConfigError} on a repeated name or a bad dimension */
export function layoutOf(shapes: Iterable<readonly [name: string, shape: readonly number[]]>): Layout {
  const tensors: TensorSlot[] = [];
  const names = new Set<string>();
  let offset = 0;
  for (const [name, shape] of shapes) {
    if (names.has(name)) throw new ConfigError("layout", { expected: "distinct tensor names", got: name });
    if (shape.some((n) => !Number.isInteger(n) || n < 1)) {
      throw new ConfigError(`layout: ${name}`, {
        expected: "dimensions that are positive integers",
        got: `[${shape}]`,
      });
    }
    names.add(name);
    const length = shape.reduce((product, n) => product * n, 1);
    tensors.push({ name, shape: [...shape], offset, length });
    offset += length;
  }
  return { tensors, length: offset };
}

/** A layout of one unnamed vector, for callers that have no tensors. */
export const flatLayout = (length: number): Layout => ({
  tensors: [{ name: "vector", shape: [length], offset: 0, length }],
  length,
});

/** The part of `vector` that holds the tensor; a view, not a copy. */
export const tensorOf = (vector: Float32Array, slot: TensorSlot): Float32Array =>
  vector.subarray(slot.offset, slot.offset + slot.length);

/** @throws {ShapeError} unless `vector` has the expected length */
export function checkLength(vector: ArrayLike<number>, length: number, where: string): void {
  if (vector.length !== length) {
    throw new ShapeError(where, {
      expected: `a vector of d = ${length}`,
      got: `d = ${vector.length}`,
      hint: "Both ends must be built from the same job.",
    });
  }
}
