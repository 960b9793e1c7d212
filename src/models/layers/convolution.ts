import { lax, numpy as np } from "@jax-js/jax";
import type { Tensor } from "../define.ts";
import { cut } from "./cuts.ts";
import { inProducts } from "./form.ts";
import { roundedInputs, roundedWeights } from "./precision.ts";

export interface Convolution {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros around the image, on every side; default 0. */
  readonly padding?: number;
}

/**
 * Convolution of images, without a bias: out[b, o, y, x] = Σ image[b, c, s·y + i − p, s·x + j − p] · kernel[o, c, i, j].
 * @param x images [rows, channels, height, width]
 * @param kernel [outputs, channels, height, width]
 */
export function conv2d(x: Tensor, kernel: Tensor, { stride = 1, padding = 0 }: Convolution = {}): Tensor {
  const [images, weights] = [roundedInputs(x, kernel), roundedWeights(kernel)];
  if (inProducts()) return cut(sumOfProducts(images, weights, stride, padding));
  const around: [number, number] = [padding, padding];
  return cut(lax.conv(images, weights, [stride, stride], [around, around]));
}

/** One matrix product for each place of the kernel, over images with channels last. */
function sumOfProducts(x: Tensor, kernel: Tensor, stride: number, padding: number): Tensor {
  const [rows = 1, channels = 1, height = 1, width = 1] = x.shape;
  const [outputs = 1, , kernelHeight = 1, kernelWidth = 1] = kernel.shape;
  const high = Math.floor((height + 2 * padding - kernelHeight) / stride) + 1;
  const wide = Math.floor((width + 2 * padding - kernelWidth) / stride) + 1;
  // Behind the image as many zeros as make every slice a whole number of strides.
  const [below, right] = [high, wide].map((n, axis) => {
    const [size = 1, reach = 1] = axis === 0 ? [height, kernelHeight] : [width, kernelWidth];
    return Math.max(padding, reach - 1 + stride * n - size - padding);
  }) as [number, number];
  const image = np.pad(x.transpose([0, 2, 3, 1]), [
    [0, 0],
    [padding, below],
    [padding, right],
    [0, 0],
  ]);
  let sum: Tensor | undefined;
  for (let i = 0; i < kernelHeight; i++) {
    for (let j = 0; j < kernelWidth; j++) {
      const part = image.ref.slice([], [i, i + stride * high], [j, j + stride * wide]);
      const seen = stride === 1 ? part : everyOther(part, [rows, high, stride, wide, stride, channels]);
      const weights = kernel.ref.slice([], [], i, j).transpose();
      const product = np.matmul(seen.reshape([-1, channels]), weights);
      sum = sum === undefined ? product : sum.add(product);
    }
  }
  image.dispose();
  kernel.dispose();
  if (sum === undefined) throw new Error("A kernel has at least one place.");
  return sum.reshape([rows, high, wide, outputs]).transpose([0, 3, 1, 2]);
}

/** The first of each stride in both directions. */
const everyOther = (x: Tensor, shape: number[]): Tensor => x.reshape(shape).slice([], [], 0, [], 0);
