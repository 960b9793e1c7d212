import { numpy as np } from "@jax-js/jax";
import type { Tensor } from "../define.ts";
import { cut } from "./cuts.ts";
import { roundedInputs, roundedWeights } from "./precision.ts";

/** x · W + b along the last dimension. @param x [..., in] @param weight [in, out] @param bias [out], or none */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const product = np.matmul(roundedInputs(x, weight), roundedWeights(weight));
  return cut(bias === undefined ? product : product.add(roundedWeights(bias)));
}
