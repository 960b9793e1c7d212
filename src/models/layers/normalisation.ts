/**
 * Normalisations. Their gradients are written down rather than derived: three passes over the activations, not ten.
 */
import { lax, numpy as np } from "@jax-js/jax";
import { ConfigError } from "../../base/errors.ts";
import type { Tensor } from "../define.ts";
import type { Moments, Pass } from "../pass.ts";

const EPSILON = 1e-5;

/**
 * (x − mean) / √(variance + ε) over some axes, with the biased variance.
 *
 * With x̂ the result, its gradient is (g − mean(g) − x̂ · mean(x̂ · g)) / √(variance + ε). It is carried by x − sg(x): 0, with
 * the gradient of x, times what stands still.
 */
export function standardised(x: Tensor, axes: readonly number[]): Tensor {
  const mean = (t: Tensor): Tensor => t.mean([...axes], { keepdims: true });
  const still = lax.stopGradient(x.ref);
  const moving = x.sub(still.ref);
  const centred = still.ref.sub(mean(still));
  const scale = np.reciprocal(np.sqrt(mean(centred.ref.mul(centred.ref)).add(EPSILON)));
  const unit = centred.mul(scale.ref);
  const along = unit.ref.mul(mean(unit.ref.mul(moving.ref)));
  return unit.add(moving.ref.sub(mean(moving)).sub(along).mul(scale));
}

/**
 * Layer norm over the last dimension: x̂ · γ + β.
 * @see Ba, Kiros & Hinton 2016, "Layer Normalization", arXiv:1607.06450
 */
export const layerNorm = (x: Tensor, scale: Tensor, shift: Tensor): Tensor =>
  standardised(x, [-1]).mul(scale).add(shift);

/**
 * Group norm of images: each group of channels of each row is standardised; then x̂ · γ + β by channel. No batch statistics,
 * so labels that are skewed between peers do it no harm. One group is layer norm, a group a channel instance norm.
 * @param groups divides the channels; default the largest divisor up to 32 that leaves 8 channels to a group, else 1
 * @see Wu & He 2018, "Group Normalization", arXiv:1803.08494
 */
export function groupNorm(x: Tensor, scale: Tensor, shift: Tensor, groups?: number): Tensor {
  const [rows = 1, channels = 1, height = 1, width = 1] = x.shape;
  const count = groups ?? groupsOf(channels);
  if (channels % count !== 0) {
    throw new ConfigError("groupNorm", { expected: `a divisor of ${channels} channels`, got: count });
  }
  const unit = standardised(x.reshape([rows, count, (channels / count) * height * width]), [-1]);
  return byChannel(unit.reshape([rows, channels, height, width]), scale, shift);
}

/** The largest divisor of the channels that is at most 32 and leaves at least 8 channels to a group; else 1. */
export function groupsOf(channels: number): number {
  for (let groups = Math.min(32, Math.floor(channels / 8)); groups > 1; groups--) {
    if (channels % groups === 0) return groups;
  }
  return 1;
}

/**
 * Batch norm of images, by channel: training takes the moments of the batch, judging those of the data.
 *
 * There are no running statistics: they would be averaged, compressed and attacked along with the weights, and lag behind
 * a model that has just been averaged. Moments are computed anew for the parameters that are judged.
 * @see Ioffe & Szegedy 2015, "Batch Normalization", arXiv:1502.03167
 */
export function batchNorm(x: Tensor, scale: Tensor, shift: Tensor, pass: Pass): Tensor {
  const axes = [0, 2, 3];
  if (pass.training) return byChannel(standardised(x, axes), scale, shift);
  const { mean, variance } = pass.moments(() => momentsOf(x.ref, axes));
  const unit = x.sub(mean).mul(np.reciprocal(np.sqrt(variance.add(EPSILON))));
  return byChannel(unit, scale, shift);
}

function momentsOf(x: Tensor, axes: readonly number[]): Moments {
  const mean = x.ref.mean([...axes], { keepdims: true });
  const centred = x.sub(mean.ref);
  return { mean, variance: centred.ref.mul(centred).mean([...axes], { keepdims: true }) };
}

const byChannel = (x: Tensor, scale: Tensor, shift: Tensor): Tensor =>
  x.mul(scale.reshape([-1, 1, 1])).add(shift.reshape([-1, 1, 1]));
