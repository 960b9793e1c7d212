/**
 * What a model may ask for while it is traced: chance for what it drops, and the moments of its activations.
 *
 * Both are inputs of the compiled step. So a gradient is a function of parameters and batch alone, and metrics are a
 * function of parameters and rows: no state hides in a model, and whatever is averaged or compressed is in the vector.
 */
import type { Array as Tensor } from "@jax-js/jax";

export interface Pass {
  /** True for gradients: parts are dropped, and batch norm takes the moments of the batch. False for metrics. */
  readonly training: boolean;
  /** Entries uniform on [0, 1), drawn anew for every batch. Ask only where `training`. */
  uniform(shape: readonly number[]): Tensor;
  /**
   * Mean and variance that stand for the whole data. Ask only where not `training`, the same in every trace.
   * @param own what they are on the rows at hand
   */
  moments(own: () => Moments): Moments;
}

/** Two tensors of one shape. */
export interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** For gradients. @param noise the tensors asked for, in order */
export function learning(noise: readonly Tensor[]): Pass {
  let next = 0;
  return { training: true, uniform: () => taken(noise[next++]), moments: (own) => own() };
}

/** For metrics. @param moments mean and variance of each place that asks for them, in order */
export function judging(moments: readonly Tensor[]): Pass {
  let next = 0;
  return {
    training: false,
    uniform: refused,
    moments: () => ({ mean: taken(moments[next++]), variance: taken(moments[next++]) }),
  };
}

/** Works out what the moments are on the rows at hand. @param found takes mean and variance of each place, in order */
export function measuring(found: Tensor[]): Pass {
  return {
    training: false,
    uniform: refused,
    moments(own) {
      const { mean, variance } = own();
      found.push(mean.ref, variance.ref);
      return { mean, variance };
    },
  };
}

/** Finds out what a model asks for. @param asked takes the shapes @param zeros makes a tensor of a shape */
export function exploring(training: boolean, asked: number[][], zeros: (shape: number[]) => Tensor): Pass {
  return {
    training,
    uniform(shape) {
      asked.push([...shape]);
      return zeros([...shape]);
    },
    moments(own) {
      const { mean, variance } = own();
      asked.push(mean.shape, variance.shape);
      return { mean, variance };
    },
  };
}

const taken = (tensor: Tensor | undefined): Tensor => {
  if (tensor === undefined)
    throw new Error("The model asks for more than when it was explored: its functions must not vary.");
  return tensor.ref;
};

const refused = (): never => {
  throw new Error("Metrics know no chance: ask for uniform entries only where pass.training is true.");
};
