/**
 * Thinwire: train one model together over thin wires.
 */

export type { Aggregation, Aggregator } from "./aggregators/aggregator.ts";
export { mean } from "./aggregators/mean.ts";
export { aggregators, parseAggregator } from "./aggregators/registry.ts";
export * from "./base/errors.ts";
export { flatLayout, type Layout, layoutOf, type TensorSlot } from "./base/layout.ts";
export { choice, number, optionalNumber } from "./base/options.ts";
export { Random } from "./base/random.ts";
export * from "./base/units.ts";
export type { Channel, Collector, Receiver, Sender } from "./channels/channel.ts";
export { difference } from "./channels/difference.ts";
export { direct } from "./channels/direct.ts";
export { ef21 } from "./channels/ef21.ts";
export { ef21Plus } from "./channels/ef21-plus.ts";
export { errorFeedback } from "./channels/error-feedback.ts";
export { memory } from "./channels/memory.ts";
export { multiStep } from "./channels/multi-step.ts";
export { preservedModel } from "./channels/preserved-model.ts";
export { channels, parseChannel } from "./channels/registry.ts";
export type { Codec, Compressor, Law } from "./compressors/compressor.ts";
export { compressors, parseCompressor } from "./compressors/registry.ts";
export { openData } from "./data/open.ts";
export type { Averager, Averaging } from "./optimizers/averaging/averaging.ts";
export { averagings, parseAveraging } from "./optimizers/averaging/registry.ts";
export type { Optimizer, Stepper } from "./optimizers/optimizer.ts";
export { optimizers, parseOptimizer } from "./optimizers/registry.ts";
export { parseSchedule, schedules } from "./optimizers/schedules/registry.ts";
export type { Schedule } from "./optimizers/schedules/schedule.ts";
export { parameterServer } from "./patterns/parameter-server.ts";
export type { Exchange, Pattern } from "./patterns/pattern.ts";
export { powerSgd } from "./patterns/powersgd.ts";
export { ringAllReduce } from "./patterns/ring-all-reduce.ts";
export type { Batch, Dataset, TrainTest } from "./ports/dataset.ts";
export type { Metrics, Model } from "./ports/model.ts";
export type { Peer, Tag } from "./ports/peer.ts";
export { type PeerId, peerId, type View } from "./ports/view.ts";
export { exchangeGradients } from "./recipes/exchange-gradients.ts";
export { type ChosenRecipe, defineRecipe, type Recipe } from "./recipes/recipe.ts";
export { parseRecipe, recipes } from "./recipes/registry.ts";
export { inspect } from "./runs/inspect.ts";
export { checkJob, type Job, type JobOptions } from "./runs/job.ts";
export type { Progress, RunControls, RunHeader, RunListener, RunResult } from "./runs/result.ts";
export { simulateJob } from "./runs/simulate.ts";
export { train } from "./runs/train.ts";
export { simulate } from "./simulation/simulate.ts";
