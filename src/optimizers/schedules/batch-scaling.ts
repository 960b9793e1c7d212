/**
 * How the learning rate and the warm-up grow with the batch: from (B_0, η_0, W_0) to B = k B_0, for gradients that are
 * means over the batch.
 *
 *     linear   η = k η_0,  W = W_0     SGD with momentum, LARS (Goyal et al. 2017, arXiv:1706.02677)
 *     sqrt     η = √k η_0, W = W_0     Adam, LAMB
 *     legw     η = √k η_0, W = k W_0   W in epochs (You et al. 2019, arXiv:1901.08256)
 *
 * Weight decay is not scaled.
 */

export type ScalingRule = "linear" | "sqrt" | "legw";

export interface ScaledRate {
  /** η */
  readonly learningRate: number;
  /** W, in the unit of W_0. */
  readonly warmUp: number;
}

/** @param k B/B_0 > 0 @param reference η_0 and W_0 */
export function scaleToBatch(rule: ScalingRule, k: number, { learningRate, warmUp }: ScaledRate): ScaledRate {
  return {
    learningRate: learningRate * (rule === "linear" ? k : Math.sqrt(k)),
    warmUp: rule === "legw" ? k * warmUp : warmUp,
  };
}

/** Where experience says that a rule ends. @param layerwise LARS, LAMB or Adasum */
export function scalingWarnings(rule: ScalingRule, k: number, warmUp: number, layerwise: boolean): readonly string[] {
  return [
    ...(rule === "linear" && k > 1 && warmUp === 0
      ? ["batch scaling: the linear rule needs a warm-up; it has none"]
      : []),
    ...(k > 64 && !layerwise
      ? [`batch scaling: beyond 64 times the batch it needs LARS, LAMB or Adasum; k = ${k}`]
      : []),
  ];
}
