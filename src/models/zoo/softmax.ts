import { numpy as np } from "@jax-js/jax";
import { checkArguments, parseNumber } from "../../base/spec.ts";
import { defineModel } from "../define.ts";
import { crossEntropy } from "../losses.ts";
import { zeros } from "../parameters.ts";
import { squaredNorm } from "../regularisers.ts";
import type { ZooEntry } from "./entry.ts";

/**
 * Softmax regression: scores x·W + b under softmax cross-entropy, plus (λ/2)‖W‖². Convex; it starts from 0.
 */
export const softmax: ZooEntry = {
  name: "softmax",
  summary: "softmax regression, convex",
  options: ["l2=λ adds (λ/2)‖W‖² (default 0)"],
  typical: { inputShape: [28, 28], classes: 10 },
  define(spec, { inputSize, classes }) {
    checkArguments(spec, "model", 0, ["l2"]);
    const l2 = parseNumber(spec.options.get("l2") ?? "0", "model softmax: l2", { min: 0 });
    return defineModel({
      name: spec.text,
      parameters: { weight: zeros([inputSize, classes]), bias: zeros([classes]) },
      predict: ({ weight, bias }, x) => np.matmul(x.reshape([-1, inputSize]), weight).add(bias),
      loss(params, x, y) {
        const scores = np.matmul(x.reshape([-1, inputSize]), params.weight).add(params.bias);
        const loss = crossEntropy(scores, y);
        return l2 === 0 ? loss : loss.add(squaredNorm(params.weight).mul(l2 / 2));
      },
    });
  },
};
