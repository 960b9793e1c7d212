/**
 * Models: the language to write them in, those that come with Thinwire, and what opens them.
 */
export { lax, nn, numpy as np } from "@jax-js/jax";
export type { DataShape, ModelDefinition, Tensor, Tensors, TensorsOf } from "./define.ts";
export { defineModel } from "./define.ts";
export { ENGINES, type EngineName } from "./engines/open.ts";
export { loadModelFile } from "./load.ts";
export { crossEntropy, logisticLoss } from "./losses.ts";
export { type DataInfo, type ModelOptions, openDefinition, openModel } from "./open.ts";
export { constant, glorot, he, normal, type Parameter, zeros } from "./parameters.ts";
export { models } from "./registry.ts";
export { boundedNorm, squaredNorm } from "./regularisers.ts";
export type { ZooEntry } from "./zoo/entry.ts";
