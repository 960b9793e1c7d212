/**
 * Thinwire: train one model together over thin wires.
 */

export { mean } from "./aggregators/mean.ts";
export * from "./base/errors.ts";
export { flatLayout, type Layout, layoutOf, type TensorSlot } from "./base/layout.ts";
export { Random } from "./base/random.ts";
export * from "./base/units.ts";
export type { Channel, Receiver, Sender } from "./channels/channel.ts";
export { direct } from "./channels/direct.ts";
export { errorFeedback } from "./channels/error-feedback.ts";
export type { Codec, Compressor, Law } from "./compressors/compressor.ts";
export { compressors, parseCompressor } from "./compressors/registry.ts";
export { openData } from "./data/open.ts";
export { parameterServer } from "./patterns/parameter-server.ts";
export type { Exchange, Pattern } from "./patterns/pattern.ts";
export type { Batch, Dataset, TrainTest } from "./ports/dataset.ts";
export type { Metrics, Model } from "./ports/model.ts";
export type { Peer, Tag } from "./ports/peer.ts";
export { type PeerId, peerId, type View } from "./ports/view.ts";
export { exchangeGradients } from "./recipes/exchange-gradients.ts";
export { defineRecipe, type Recipe } from "./recipes/recipe.ts";
export { recipes } from "./recipes/registry.ts";
export { inspect } from "./runs/inspect.ts";
export { checkJob, type Job, type JobOptions } from "./runs/job.ts";
export type { Progress, RunControls, RunHeader, RunListener, RunResult } from "./runs/result.ts";
export { simulateJob } from "./runs/simulate.ts";
export { train } from "./runs/train.ts";
export { simulate } from "./simulation/simulate.ts";
