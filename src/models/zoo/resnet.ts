import { nn, numpy as np } from "@jax-js/jax";
import { ConfigError } from "../../base/errors.ts";
import { checkArguments, parseNumber, type Spec } from "../../base/spec.ts";
import type { ImageShape } from "../../data/augmentation.ts";
import { defineModel, type ModelDefinition, type Pass, type Tensor, type Tensors } from "../define.ts";
import { conv2d } from "../layers/convolution.ts";
import { linear } from "../layers/linear.ts";
import { globalAverage } from "../layers/pooling.ts";
import { glorot, heKernel, type Parameter, zeros } from "../parameters.ts";
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
 * The residual networks for small images: 6n + 2 layers in three stages of n blocks, of 16, 32 and 64 channels; the second
 * and third halve the image. Shortcuts take every other pixel and add zero channels, so they have no parameters.
 * @see He, Zhang, Ren & Sun 2016, "Deep Residual Learning for Image Recognition", section 4.2, arXiv:1512.03385
 */
export const resnet: ZooEntry = {
  name: "resnet",
  summary: "residual network for small images",
  paper: "arXiv:1512.03385",
  options: [
    "layers, 6n + 2, as in resnet:20 (default 8)",
    "width=channels of the first stage (default 16)",
    ...imageOptionLines("group"),
  ],
  typical: { inputShape: [3, 32, 32], classes: 10 },
  define(spec, data) {
    checkArguments(spec, "model", 1, ["width", ...IMAGE_OPTIONS]);
    const layers = parseNumber(spec.values[0] ?? "8", "model resnet: layers", { min: 8, max: 110, integer: true });
    if (layers % 6 !== 2) {
      throw new ConfigError("model resnet: layers", { expected: "6n + 2, such as 8, 14 or 20", got: layers });
    }
    const width = parseNumber(spec.options.get("width") ?? "16", "model resnet: width", {
      min: 1,
      max: 1024,
      integer: true,
    });
    return network(spec, imageShapeOf(data, "model resnet"), data.classes, (layers - 2) / 6, width);
  },
};

interface Block {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly stride: number;
}

function blocksOf(perStage: number, width: number): Block[] {
  return [1, 2, 4].flatMap((factor, stage) =>
    Array.from({ length: perStage }, (_, i) => {
      const isFirst = i === 0 && stage > 0;
      const to = width * factor;
      return { name: `stage${stage + 1}.block${i + 1}`, from: isFirst ? to / 2 : to, to, stride: isFirst ? 2 : 1 };
    }),
  );
}

function network(spec: Spec, image: ImageShape, classes: number, perStage: number, width: number): ModelDefinition {
  const { channels, height, width: across } = image;
  const norm = normOf(spec, "group");
  const blocks = blocksOf(perStage, width);
  const convolution = (name: string, from: number, to: number): [string, Parameter][] => [
    [`${name}.kernel`, heKernel([to, from, 3, 3])],
    ...normParameters(name, norm, to),
  ];
  return defineModel({
    name: spec.text,
    parameters: Object.fromEntries([
      ...convolution("first", channels, width),
      ...blocks.flatMap(({ name, from, to }) => [
        ...convolution(`${name}.conv1`, from, to),
        ...convolution(`${name}.conv2`, to, to),
      ]),
      ["output.weight", glorot([4 * width, classes])],
      ["output.bias", zeros([classes])],
    ]),
    rowsAtOnce: 64,
    predict(params: Tensors, x, pass) {
      const pixels = x.reshape([-1, channels, height, across]);
      let h = nn.relu(convolved(params, "first", pixels, 1, norm, pass));
      for (const block of blocks) h = residual(params, block, h, norm, pass);
      return linear(globalAverage(h), params["output.weight"] as Tensor, params["output.bias"]);
    },
    ...augmentationOf(spec, image),
  });
}

const convolved = (params: Tensors, name: string, x: Tensor, stride: number, norm: Norm, pass: Pass): Tensor =>
  normalised(norm, params, name, conv2d(x, params[`${name}.kernel`] as Tensor, { stride, padding: 1 }), pass);

/** relu(x + f(x)), f two convolutions. */
function residual(params: Tensors, { name, from, to, stride }: Block, x: Tensor, norm: Norm, pass: Pass): Tensor {
  const inner = nn.relu(convolved(params, `${name}.conv1`, x.ref, stride, norm, pass));
  const change = convolved(params, `${name}.conv2`, inner, 1, norm, pass);
  return nn.relu(change.add(stride === 1 ? x : shortcut(x, to - from)));
}

/** Every other pixel, and zeros for the channels that are new. */
function shortcut(x: Tensor, added: number): Tensor {
  const [rows = 1, channels = 1, height = 1, width = 1] = x.shape;
  const even = np.pad(x, [
    [0, 0],
    [0, 0],
    [0, height % 2],
    [0, width % 2],
  ]);
  const [high, wide] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const taken = even.reshape([rows, channels, high, 2, wide, 2]).slice([], [], [], 0, [], 0);
  const before = Math.floor(added / 2);
  return np.pad(taken, [
    [0, 0],
    [before, added - before],
    [0, 0],
    [0, 0],
  ]);
}
