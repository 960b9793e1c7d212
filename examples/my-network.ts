/**
 * A network of layers: convolutions with batch norm, a residual block, dropout. Train it with
 *
 *     thinwire train --model examples/my-network.ts --data idx:DIR
 *
 * Layers that differ between training and judging take `pass`: dropout draws from it, batch norm asks it for moments.
 * Layers that are written by hand work beside them: everything is jax-js (see `examples/my-model.ts` for its one rule).
 */
import {
  batchNorm,
  conv2d,
  type DataShape,
  defineModel,
  dropout,
  globalAverage,
  glorot,
  heKernel,
  linear,
  type ModelDefinition,
  maxPool,
  nn,
  normScale,
  normShift,
  type Pass,
  type Tensor,
  type TensorsOf,
  zeros,
} from "../src/models/index.ts"; // outside this repository: from "thinwire/models"

const parameters = ({ classes }: DataShape) => ({
  kernel1: heKernel([16, 1, 3, 3]),
  scale1: normScale(16),
  shift1: normShift(16),
  kernel2: heKernel([16, 16, 3, 3]),
  scale2: normScale(16),
  shift2: normShift(16),
  output: glorot([16, classes]),
  outputBias: zeros([classes]),
});

type Params = TensorsOf<typeof parameters>;

function predict(params: Params, x: Tensor, pass: Pass): Tensor {
  const side = Math.sqrt(x.size / (x.shape[0] ?? 1)); // square images of one channel
  const images = x.reshape([-1, 1, side, side]);
  const seen = batchNorm(conv2d(images, params.kernel1, { padding: 1 }), params.scale1, params.shift1, pass);
  const h = maxPool(nn.relu(seen), 2);
  const change = batchNorm(conv2d(h.ref, params.kernel2, { padding: 1 }), params.scale2, params.shift2, pass);
  const features = globalAverage(nn.relu(h.add(change)));
  return linear(dropout(features, 0.1, pass), params.output, params.outputBias);
}

export const model: ModelDefinition = defineModel({ name: "my-network", parameters, predict });
