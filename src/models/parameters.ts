/**
 * Parameters of a model: a shape, and how the first values are drawn.
 */
import type { Random } from "../base/random.ts";
import type { Role } from "../ports/model.ts";

export interface Parameter {
  readonly shape: readonly number[];
  /** What it is for; a weight, or a bias if it has one dimension, unless stated. */
  readonly role?: Role;
  /** Writes the first values; a pure function of `rng`. */
  fill(rng: Random, out: Float32Array): void;
}

export const roleOf = ({ role, shape }: Parameter): Role => role ?? (shape.length > 1 ? "weight" : "bias");

/** All entries 0: biases, and every parameter of a convex problem. */
export const zeros = (shape: readonly number[]): Parameter => constant(shape, 0);

/** All entries equal. */
export const constant = (shape: readonly number[], value: number): Parameter => ({
  shape,
  fill: (_, out) => void out.fill(value),
});

/** Normal entries of mean 0. */
export const normal = (shape: readonly number[], deviation: number): Parameter => ({
  shape,
  fill(rng, out) {
    for (let i = 0; i < out.length; i++) out[i] = deviation * rng.normal(i);
  },
});

/**
 * Normal entries of variance 2/n, n the product of all dimensions but the last: weights [in, out] before a relu.
 * @see He, Zhang, Ren & Sun 2015, "Delving Deep into Rectifiers", arXiv:1502.01852
 */
export const he = (shape: readonly number[]): Parameter => normal(shape, Math.sqrt(2 / inputsOf(shape)));

/**
 * Normal entries of variance 2/(in + out): weights [in, out] before scores or a tanh.
 * @see Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks"
 */
export const glorot = (shape: readonly number[]): Parameter =>
  normal(shape, Math.sqrt(2 / (inputsOf(shape) + (shape.at(-1) ?? 1))));

/**
 * As `he`, for a kernel [outputs, channels, height, width]: n is the product of all dimensions but the first.
 */
export const heKernel = (shape: readonly number[]): Parameter =>
  normal(shape, Math.sqrt(2 / shape.slice(1).reduce((product, n) => product * n, 1)));

/** γ and β of a normalisation over so many channels: 1 and 0. */
export const normScale = (channels: number): Parameter => ({ ...constant([channels], 1), role: "normScale" });
export const normShift = (channels: number): Parameter => ({ ...zeros([channels]), role: "normShift" });

const inputsOf = (shape: readonly number[]): number => shape.slice(0, -1).reduce((product, n) => product * n, 1);
