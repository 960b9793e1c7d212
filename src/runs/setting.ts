/**
 * The setting of a run: everything that is opened before the first round, the same in every adapter.
 */
import { parseAggregator } from "../aggregators/registry.ts";
import { ConfigError } from "../base/errors.ts";
import { seconds } from "../base/units.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { openData } from "../data/open.ts";
import { partition } from "../data/partition.ts";
import { kernels } from "../kernels/index.ts";
import { openModel } from "../models/index.ts";
import { parseAveraging } from "../optimizers/averaging/registry.ts";
import { parseOptimizer } from "../optimizers/registry.ts";
import { parseSchedule } from "../optimizers/schedules/registry.ts";
import type { Dataset, TrainTest } from "../ports/dataset.ts";
import type { Model } from "../ports/model.ts";
import { type PeerId, peerId, type View } from "../ports/view.ts";
import { parseByzantine } from "../recipes/byzantine.ts";
import { parseLocal, type Split } from "../recipes/local-tensors.ts";
import type { Method, TrainingSettings } from "../recipes/method.ts";
import type { RecipeSlots, RecipeUse } from "../recipes/recipe.ts";
import { type Checkpoint, checkContinues, readCheckpoint } from "./checkpoint.ts";
import type { Beginning, Resumed } from "./host.ts";
import { formatLearningRate, type Job, jobRandom, recipeOf } from "./job.ts";
import type { Dials } from "./pacing/pacing.ts";
import type { RunControls, RunHeader } from "./result.ts";

/** What the thread that runs the show opens once. */
export interface Setting {
  readonly view: View;
  readonly data: TrainTest;
  readonly parts: readonly Uint32Array[];
  readonly checkpoint: Checkpoint | undefined;
  /** Of the training data: a run continues on the data it began with. */
  readonly dataChecksum: number;
  /** What the user should know before the run begins. */
  readonly warnings: readonly string[];
}

/** @param shared place the data where worker threads can read it @throws {ConfigError | DataError | CheckpointError} */
export async function openSetting(job: Job, controls: RunControls, shared: boolean): Promise<Setting> {
  const checkpoint = controls.resume === undefined ? undefined : await readCheckpoint(controls.resume);
  methodOf(job).hops?.(viewOf(job)); // refuses a topology that so many peers do not have
  const warnings: string[] = [];
  const data = await openData(job.data, { seed: job.seed, shared, warn: (line) => warnings.push(line) });
  const dataChecksum = checksumOf(data.train);
  if (checkpoint !== undefined) checkContinues(job, dataChecksum, checkpoint);
  if (job.peers > data.train.rows) {
    throw new ConfigError("--peers", {
      expected: `at most one peer for each of the ${data.train.rows} training rows of ${data.train.name}`,
      got: job.peers,
    });
  }
  const parts = partition(job.partition, data.train, job.peers, jobRandom(job).split("partition"));
  return { view: viewOf(job), data, parts, checkpoint, dataChecksum, warnings };
}

/** The fingerprint of a data set. */
export function checksumOf({ inputs, targets }: Dataset): number {
  const bytesOf = (array: Float32Array | Int32Array) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return kernels.checksum(bytesOf(targets), kernels.checksum(bytesOf(inputs), 0));
}

/** At first: ids are ranks. A server of its own comes first. */
export function viewOf(job: Pick<Job, "peers" | "server">): View {
  const members = Array.from({ length: job.peers + (job.server === "own" ? 1 : 0) }, (_, i): PeerId => peerId(i));
  return { epoch: 0, members, workers: job.server === "own" ? members.slice(1) : members };
}

/** Whether members come and go. */
export const isElastic = ({ faults }: Job): boolean =>
  faults?.churn !== undefined || (faults?.crashes ?? []).length > 0;

/** @param onWarning hears of a fallback to a slower engine */
export const openJobModel = (job: Job, data: TrainTest, onWarning: (line: string) => void): Promise<Model> =>
  openModel(
    job.model,
    { inputShape: data.train.inputShape, classes: data.train.classes },
    { batch: job.batch, engine: job.engine, onWarning },
  );

export const methodOf = (job: Job): Method => recipeOf(job).build(slotsOf(job));

/** A method for one peer alone, with the dials of its compressors; undefined where these have none. */
export function methodWithDials(job: Job): { readonly method: Method; readonly dials: Dials } | undefined {
  const slots = slotsOf(job);
  const dials = { up: slots.up.dial, down: slots.down.dial };
  if (dials.up === undefined && dials.down === undefined) return undefined;
  return { method: recipeOf(job).build(slots), dials };
}

/** What of the model is exchanged, and what is not; undefined where everything is. @throws {ConfigError} */
export const splitOf = ({ local }: Job, model: Pick<Model, "layout" | "roles">): Split | undefined =>
  local === null ? undefined : parseLocal(local, "--local").split(model);

export const slotsOf = (job: Job): RecipeSlots => ({
  up: parseCompressor(job.up, "job.up"),
  down: parseCompressor(job.down, "job.down"),
  aggregate: parseAggregator(job.aggregator ?? "mean", "job.aggregator"),
});

/** What a peer trains with, the same at every peer. @throws {ConfigError} if a constant of the theory is not known */
export function trainingSettings(job: Job, model: Model, setting: Pick<Setting, "data" | "parts">): TrainingSettings {
  const { optimizer: own } = recipeOf(job).defaults;
  const { schedule, average } = job;
  const optimizer = job.optimizer ?? own ?? null;
  const stepCost = job.stepCost ?? undefined;
  const factors = schedule === null ? undefined : parseSchedule(schedule, "job.schedule");
  const { workers } = viewOf(job);
  return {
    learningRate: learningRateOf(job, model, setting),
    momentum: job.momentum,
    stepCost,
    codecCost: stepCost === undefined ? undefined : seconds(0),
    weightOf: (worker) => setting.parts[workers.indexOf(worker)]!.length,
    rounds: job.rounds,
    elastic: isElastic(job),
    parts: workers.length,
    ...(factors && { schedule: (round: number) => factors.factor(round + 1, job.rounds) }),
    ...(optimizer !== null && optimizer !== "sgd" && { optimizer: parseOptimizer(optimizer, "job.optimizer") }),
    ...(average !== null && { averaging: parseAveraging(average, "job.average", job.rounds) }),
  };
}

/** η of the job, or the multiple of its theory's that it names. */
function learningRateOf(job: Job, model: Model, setting: Pick<Setting, "data" | "parts">): number {
  if (job.rateUnit === "plain") return job.learningRate;
  const theory = recipeOf(job).theoryRate(useOf(job, model, setting, Number.NaN));
  if (theory === undefined) {
    throw new ConfigError("--lr", {
      expected: `a recipe and a problem whose constants give a step size; ${job.recipe} on ${job.model} do not`,
      got: formatLearningRate(job),
    });
  }
  return job.learningRate * theory;
}

function useOf(
  job: Job,
  model: Model,
  { data, parts }: Pick<Setting, "data" | "parts">,
  learningRate: number,
): RecipeUse {
  const curvature = model.curvature?.(data.train, parts);
  return {
    ...slotsOf(job),
    momentum: job.momentum,
    length: (splitOf(job, model)?.shared ?? model.layout).length,
    workers: job.peers,
    byzantine: job.byzantine === null ? 0 : parseByzantine(job.byzantine, "job.byzantine").count,
    skewed: !job.partition.startsWith("iid"),
    learningRate,
    rounds: job.rounds,
    batch: job.batch,
    ...(curvature && { curvature }),
  };
}

export function headerOf(job: Job, setting: Setting, model: Model, warnings: readonly string[]): RunHeader {
  const split = splitOf(job, model);
  return {
    job,
    parameters: model.layout.length,
    trainRows: setting.data.train.rows,
    testRows: setting.data.test.rows,
    engine: model.engine,
    uncompressedBytesPerRound: methodOf(job).uncompressedBytes(setting.view, (split?.shared ?? model.layout).length),
    ...(split && { localTensors: split.local.tensors.map(({ name }) => name) }),
    warnings: [...setting.warnings, ...warnings, ...brokenConditions(job, setting, model)],
  };
}

/** What the parts that make up the job ask for and do not get. */
function brokenConditions(job: Job, setting: Setting, model: Model): readonly string[] {
  const { learningRate, optimizer, averaging } = trainingSettings(job, model, setting);
  const use = useOf(job, model, setting, learningRate);
  const step = { learningRate, rounds: job.rounds, batch: job.batch, ...use.curvature };
  return [
    ...recipeOf(job).warnings(use),
    ...unlikeMoments(job, model, use),
    ...(recipeOf(job).ownAggregate === true ? [] : (use.aggregate.warnings?.(use) ?? [])),
    ...(optimizer?.warnings?.(step) ?? []),
    ...(job.schedule === null ? [] : (parseSchedule(job.schedule, "job.schedule").warnings?.(step) ?? [])),
    ...(averaging?.warnings(job.rounds) ?? []),
  ];
}

/** A line where peers average norms that they train on moments of labels that differ from peer to peer. */
function unlikeMoments(job: Job, model: Model, { skewed }: RecipeUse): readonly string[] {
  const exchanged = (splitOf(job, model)?.shared ?? model.layout).tensors.map(({ name }) => name);
  const averagesNorms = model.layout.tensors.some(
    ({ name }, place) => model.roles?.[place] === "normScale" && exchanged.includes(name),
  );
  if (!skewed || !averagesNorms || !/\bnorm=batch\b/.test(job.model)) return [];
  return [
    "batch norm: moments of a peer's own labels are not those of all; norm=group has none, --local norm keeps each peer's γ and β",
  ];
}

/** What a peer continues from. */
export const resumedOf = (checkpoint: Checkpoint | undefined, id: PeerId): Resumed | undefined =>
  checkpoint === undefined
    ? undefined
    : { round: checkpoint.round, params: checkpoint.params, learner: checkpoint.peers[id] };

/** How a peer begins that was there from the start. */
export function beginningOf(checkpoint: Checkpoint | undefined, id: PeerId): Beginning {
  const peers = checkpoint?.peers ?? [];
  if (peers.every((peer) => peer !== undefined)) return "together";
  return peers[id] === undefined ? "joining" : "agreeing";
}
