/**
 * A model of your own: a file that exports `model`. Train it with
 *
 *     thinwire train --model examples/my-model.ts
 *
 * Its functions are written in jax-js, which is NumPy with methods; gradients are derived from them. One rule is special:
 * a tensor is consumed by its first use, so write `h.ref` for every use of `h` but the last. Parameters need no `.ref`.
 */
import {
  crossEntropy,
  type DataShape,
  defineModel,
  glorot,
  he,
  type ModelDefinition,
  nn,
  np,
  squaredNorm,
  type Tensor,
  type TensorsOf,
  zeros,
} from "../src/models/index.ts"; // outside this repository: from "thinwire/models"

/** Shapes and first values, in the order of the flat vector; the sizes come from the data. */
const parameters = ({ inputSize, classes }: DataShape) => ({
  hidden: he([inputSize, 64]),
  hiddenBias: zeros([64]),
  inner: he([64, 64]),
  output: glorot([64, classes]),
  outputBias: zeros([classes]),
});

type Params = TensorsOf<typeof parameters>;

/** One score per class; accuracy is computed from them. */
function predict(params: Params, x: Tensor): Tensor {
  const h = nn.relu(np.matmul(x, params.hidden).add(params.hiddenBias));
  const skip = h.ref.add(nn.relu(np.matmul(h, params.inner))); // two uses of h: h.ref, then h
  return np.matmul(skip, params.output).add(params.outputBias);
}

/** The mean loss over the batch. A model without `loss` has the softmax cross-entropy of `predict`. */
function loss(params: Params, x: Tensor, y: Tensor): Tensor {
  return crossEntropy(predict(params, x), y).add(squaredNorm(params.inner).mul(1e-4));
}

export const model: ModelDefinition = defineModel({ name: "my-model", parameters, predict, loss });
