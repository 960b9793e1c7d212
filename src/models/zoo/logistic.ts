import { numpy as np } from "@jax-js/jax";
import { ConfigError } from "../../base/errors.ts";
import { checkArguments, parseNumber } from "../../base/spec.ts";
import { defineModel, type Tensor } from "../define.ts";
import { logisticLoss } from "../losses.ts";
import { zeros } from "../parameters.ts";
import { boundedNorm, squaredNorm } from "../regularisers.ts";
import type { ZooEntry } from "./entry.ts";

/**
 * Binary logistic regression: mean of log(1 + exp(−s·(x·w + b))) over labels s = ±1, plus (λ/2)‖w‖² or the non-convex
 * λ Σ w²/(1 + w²). The bias is not regularised; everything starts from 0.
 */
export const logistic: ZooEntry = {
  name: "logistic",
  summary: "binary logistic regression, convex or with a non-convex regulariser",
  options: ["l2=λ adds (λ/2)‖w‖² (default 0)", "nonconvex=λ adds λ Σ w²/(1 + w²) (default 0)"],
  typical: { inputShape: [123], classes: 2 },
  define(spec, { inputSize, classes }) {
    checkArguments(spec, "model", 0, ["l2", "nonconvex"]);
    if (classes !== 2) {
      const hint = "softmax is the same for more classes.";
      throw new ConfigError("model logistic", { expected: "data with 2 classes", got: classes, hint });
    }
    const l2 = parseNumber(spec.options.get("l2") ?? "0", "model logistic: l2", { min: 0 });
    const nonconvex = parseNumber(spec.options.get("nonconvex") ?? "0", "model logistic: nonconvex", { min: 0 });
    const scoresOf = (x: Tensor, weight: Tensor, bias: Tensor): Tensor =>
      np.matmul(x.reshape([-1, inputSize]), weight).add(bias);
    return defineModel({
      name: spec.text,
      parameters: { weight: zeros([inputSize]), bias: zeros([1]) },
      predict: ({ weight, bias }, x) => scoresOf(x, weight, bias),
      loss(params, x, y) {
        let loss = logisticLoss(scoresOf(x, params.weight, params.bias), y);
        if (l2 > 0) loss = loss.add(squaredNorm(params.weight).mul(l2 / 2));
        if (nonconvex > 0) loss = loss.add(boundedNorm(params.weight).mul(nonconvex));
        return loss;
      },
    });
  },
};
