import { nn } from "@jax-js/jax";
import { ConfigError } from "../../base/errors.ts";
import { checkArguments, parseNumber, type Spec } from "../../base/spec.ts";
import type { ImageShape } from "../../data/augmentation.ts";
import { defineModel, type ModelDefinition, type Tensor, type Tensors } from "../define.ts";
import { conv2d } from "../layers/convolution.ts";
import { dropout } from "../layers/dropout.ts";
import { linear } from "../layers/linear.ts";
import { maxPool } from "../layers/pooling.ts";
import { glorot, he, heKernel, type Parameter, zeros } from "../parameters.ts";
import type { ZooEntry } from "./entry.ts";
import {
  augmentationOf,
  IMAGE_OPTIONS,
  imageOptionLines,
  imageShapeOf,
  type Norm,
  normalised,
  normOf,
  normParameters,
} from "./images.ts";

/**
 * A convolutional network in the manner of LeNet: twice a 3 × 3 convolution, relu and a maximum over 2 × 2, then a relu
 * layer, then a score per class. Images of less than 12 pixels keep their size in the convolutions.
 * @see LeCun, Bottou, Bengio & Haffner 1998, "Gradient-Based Learning Applied to Document Recognition"
 */
export const cnn: ZooEntry = {
  name: "cnn",
  summary: "two convolutions with pooling, a relu layer, softmax cross-entropy",
  options: [
    "channels of the two convolutions and width of the layer, as in cnn:16,32,128 (the default)",
    "dropout=p before the last layer (default 0)",
    ...imageOptionLines("none"),
  ],
  typical: { inputShape: [28, 28], classes: 10 },
  define(spec, data) {
    checkArguments(spec, "model", 3, ["dropout", ...IMAGE_OPTIONS]);
    const image = imageShapeOf(data, "model cnn");
    return network(spec, image, data.classes, widthsOf(spec));
  },
};

type Widths = readonly [first: number, second: number, dense: number];

function widthsOf(spec: Spec): Widths {
  if (spec.values.length !== 0 && spec.values.length !== 3) {
    throw new ConfigError("model cnn", { expected: "three widths, as in cnn:16,32,128", got: spec.text });
  }
  const [first = 16, second = 32, dense = 128] = spec.values.map((text) =>
    parseNumber(text, "model cnn: width", { min: 1, max: 4096, integer: true }),
  );
  return [first, second, dense];
}

function network(spec: Spec, image: ImageShape, classes: number, [first, second, dense]: Widths): ModelDefinition {
  const { channels, height, width } = image;
  const norm: Norm = normOf(spec, "none");
  const rate = parseNumber(spec.options.get("dropout") ?? "0", "model cnn: dropout", { min: 0, below: 1 });
  const padding = Math.min(height, width) < 12 ? 1 : 0;
  const shrunk = (n: number): number => Math.floor((n + 2 * padding - 2) / 2);
  const size = shrunk(shrunk(height)) * shrunk(shrunk(width)) * second;
  if (size < 1)
    throw new ConfigError("model cnn", { expected: "images of 4 pixels or more", got: `[${height}, ${width}]` });
  const parameters: Record<string, Parameter> = Object.fromEntries([
    ["conv1.kernel", heKernel([first, channels, 3, 3])],
    ...normParameters("conv1", norm, first),
    ["conv2.kernel", heKernel([second, first, 3, 3])],
    ...normParameters("conv2", norm, second),
    ["dense.weight", he([size, dense])],
    ["dense.bias", zeros([dense])],
    ["output.weight", glorot([dense, classes])],
    ["output.bias", zeros([classes])],
  ]);
  return defineModel({
    name: spec.text,
    parameters,
    predict(params: Tensors, x, pass) {
      const of = (name: string): Tensor => params[name] as Tensor; // defined above
      let h = x.reshape([-1, channels, height, width]);
      for (const layer of ["conv1", "conv2"]) {
        const seen = conv2d(h, of(`${layer}.kernel`), { padding });
        h = maxPool(nn.relu(normalised(norm, params, layer, seen, pass)), 2);
      }
      const features = nn.relu(linear(h.reshape([-1, size]), of("dense.weight"), of("dense.bias")));
      return linear(dropout(features, rate, pass), of("output.weight"), of("output.bias"));
    },
    ...augmentationOf(spec, image),
  });
}
