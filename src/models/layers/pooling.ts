import { lax, numpy as np } from "@jax-js/jax";
import type { Tensor } from "../define.ts";

/** The largest entry of each window; windows do not overlap, and what fills none is left out. @param x images */
export const maxPool = (x: Tensor, size: number): Tensor =>
  lax.reduceWindow(x, (window) => np.max(window), [size, size], [size, size]);

/** The mean of each window; windows do not overlap, and what fills none is left out. @param x images */
export const averagePool = (x: Tensor, size: number): Tensor =>
  lax.reduceWindow(x, (window) => np.mean(window), [size, size], [size, size]);

/** The mean of each channel: [rows, channels, height, width] gives [rows, channels]. */
export const globalAverage = (x: Tensor): Tensor => x.mean([2, 3]);
