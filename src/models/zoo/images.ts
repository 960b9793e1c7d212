/**
 * What models of images share: the shape of their input, their normalisation and their augmentation, by options.
 */
import { ConfigError } from "../../base/errors.ts";
import { parseNumber, type Spec } from "../../base/spec.ts";
import { augment, type ImageShape } from "../../data/augmentation.ts";
import type { DataShape, ModelDefinition, Pass, Tensor, Tensors } from "../define.ts";
import { batchNorm, groupNorm } from "../layers/normalisation.ts";
import { normScale, normShift, type Parameter, zeros } from "../parameters.ts";

export const IMAGE_OPTIONS = ["norm", "flip", "crop"] as const;

export const imageOptionLines = (norm: Norm): string[] => [
  `norm=${NORMS.join("|")} (default ${norm}): batch is judged by the moments of the training rows`,
  "flip=p mirrors training images with probability p (default 0)",
  "crop=n shifts training images by up to n pixels (default 0)",
];

export const NORMS = ["none", "batch", "group", "layer", "instance"] as const;
export type Norm = (typeof NORMS)[number];

/** [channels, height, width], [height, width], or the entries of a square. @throws {ConfigError} for other inputs */
export function imageShapeOf({ inputShape, inputSize }: DataShape, where: string): ImageShape {
  const [a = 1, b = 1, c = 1] = inputShape;
  const side = Math.sqrt(inputSize);
  if (inputShape.length === 3) return { channels: a, height: b, width: c };
  if (inputShape.length === 2) return { channels: 1, height: a, width: b };
  if (inputShape.length === 1 && Number.isInteger(side)) return { channels: 1, height: side, width: side };
  throw new ConfigError(where, {
    expected: "images: inputs of 2 or 3 dimensions, or the pixels of a square",
    got: `inputs of shape [${inputShape}]`,
  });
}

/** @throws {ConfigError} for another name */
export function normOf(spec: Spec, otherwise: Norm): Norm {
  const name = spec.options.get("norm") ?? otherwise;
  const found = NORMS.find((norm) => norm === name);
  if (found !== undefined) return found;
  throw new ConfigError(`model ${spec.name}: norm`, { expected: NORMS.join(", "), got: name });
}

/** γ and β, or a bias where nothing is normalised. */
export const normParameters = (name: string, norm: Norm, channels: number): [string, Parameter][] =>
  norm === "none"
    ? [[`${name}.bias`, zeros([channels])]]
    : [
        [`${name}.scale`, normScale(channels)],
        [`${name}.shift`, normShift(channels)],
      ];

/** Normalises what a convolution gives, or adds its bias. */
export function normalised(norm: Norm, params: Tensors, name: string, x: Tensor, pass: Pass): Tensor {
  const tensor = (key: string): Tensor => params[`${name}.${key}`] as Tensor; // from normParameters
  const channels = x.shape[1] ?? 1;
  switch (norm) {
    case "none":
      return x.add(tensor("bias").reshape([-1, 1, 1]));
    case "batch":
      return batchNorm(x, tensor("scale"), tensor("shift"), pass);
    case "group":
      return groupNorm(x, tensor("scale"), tensor("shift"));
    case "layer":
      return groupNorm(x, tensor("scale"), tensor("shift"), 1);
    case "instance":
      return groupNorm(x, tensor("scale"), tensor("shift"), channels);
  }
}

/** The part of a definition that changes training images, if the spec asks for it. */
export function augmentationOf(spec: Spec, shape: ImageShape): Pick<ModelDefinition, "augment"> {
  const where = `model ${spec.name}`;
  const flip = parseNumber(spec.options.get("flip") ?? "0", `${where}: flip`, { min: 0, max: 1 });
  const crop = parseNumber(spec.options.get("crop") ?? "0", `${where}: crop`, { min: 0, max: 64, integer: true });
  if (flip === 0 && crop === 0) return {};
  return { augment: (inputs, rng, out) => augment(inputs, shape, { flip, crop }, rng, out) };
}
