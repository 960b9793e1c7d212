/**
 * Models: the language to write them in, those that come with Thinwire, and what opens them.
 */
export { lax, nn, numpy as np } from "@jax-js/jax";
export type { DataInfo, DataShape, ModelDefinition, Pass, Tensor, Tensors, TensorsOf } from "./define.ts";
export { defineModel } from "./define.ts";
export { ENGINES, type EngineName } from "./engines/open.ts";
export { type ExportedModel, exportModel } from "./export.ts";
export { gelu, softmax } from "./layers/activations.ts";
export { causalAttention } from "./layers/attention.ts";
export { type Convolution, conv2d } from "./layers/convolution.ts";
export { dropout } from "./layers/dropout.ts";
export { embedding } from "./layers/embedding.ts";
export { linear } from "./layers/linear.ts";
export { batchNorm, groupNorm, layerNorm } from "./layers/normalisation.ts";
export { averagePool, globalAverage, maxPool } from "./layers/pooling.ts";
export { lstm } from "./layers/recurrent.ts";
export { loadModelFile, type OwnModel } from "./load.ts";
export { crossEntropy, logisticLoss, meanSquares } from "./losses.ts";
export { type ModelOptions, openDefinition, openModel } from "./open.ts";
export { constant, glorot, he, heKernel, normal, normScale, normShift, type Parameter, zeros } from "./parameters.ts";
export { problemModel, riskModel } from "./problems/analytic-model.ts";
export { crossedRidges, exponential, polyakLojasiewicz, quartic, scaleInvariant } from "./problems/functions.ts";
export { minimum } from "./problems/newton.ts";
export { type Constants, meanOf, type Problem } from "./problems/problem.ts";
export {
  clusteredSpectrum,
  heterogeneous,
  linearSpectrum,
  logSpectrum,
  powerSpectrum,
  quadratic,
} from "./problems/quadratic.ts";
export { Risk } from "./problems/risk.ts";
export { linear as linearLoss, logistic, type RowLoss, squares } from "./problems/row-loss.ts";
export { denseRows, type Rows, sparseRows } from "./problems/rows.ts";
export { type ModelEntry, models } from "./registry.ts";
export { boundedNorm, squaredNorm } from "./regularisers.ts";
export type { ZooEntry } from "./zoo/entry.ts";
