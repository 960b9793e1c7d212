/**
 * The setting of a run: everything that is opened before the first round, the same in every adapter.
 */
import { ConfigError } from "../base/errors.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { openData } from "../data/open.ts";
import { partition } from "../data/partition.ts";
import { kernels } from "../kernels/index.ts";
import { openModel } from "../models/index.ts";
import type { Dataset, TrainTest } from "../ports/dataset.ts";
import type { Model } from "../ports/model.ts";
import { type PeerId, peerId, type View } from "../ports/view.ts";
import type { Method } from "../recipes/method.ts";
import type { RecipeOptions } from "../recipes/recipe.ts";
import { type Checkpoint, checkContinues, readCheckpoint } from "./checkpoint.ts";
import { type Job, jobRandom, recipeOf } from "./job.ts";
import type { Resumed } from "./program.ts";
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

function checksumOf({ inputs, targets }: Dataset): number {
  const bytesOf = (array: Float32Array | Int32Array) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return kernels.checksum(bytesOf(targets), kernels.checksum(bytesOf(inputs), 0));
}

/** Fixed membership: ids are ranks. A server of its own comes first. */
export function viewOf(job: Job): View {
  const members = Array.from({ length: job.peers + (job.server === "own" ? 1 : 0) }, (_, i): PeerId => peerId(i));
  return { epoch: 0, members, workers: job.server === "own" ? members.slice(1) : members };
}

/** @param onWarning hears of a fallback to a slower engine */
export const openJobModel = (job: Job, data: TrainTest, onWarning: (line: string) => void): Promise<Model> =>
  openModel(
    job.model,
    { inputShape: data.train.inputShape, classes: data.train.classes },
    { batch: job.batch, engine: job.engine, onWarning },
  );

export const methodOf = (job: Job): Method => recipeOf(job).build(compressorsOf(job));

export const compressorsOf = (job: Job): RecipeOptions => ({
  up: parseCompressor(job.up, "job.up"),
  down: parseCompressor(job.down, "job.down"),
});

export function headerOf(job: Job, setting: Setting, model: Model, warnings: readonly string[]): RunHeader {
  const use = {
    ...compressorsOf(job),
    momentum: job.momentum,
    length: model.layout.length,
    workers: job.peers,
    learningRate: job.learningRate,
  };
  return {
    job,
    parameters: model.layout.length,
    trainRows: setting.data.train.rows,
    testRows: setting.data.test.rows,
    engine: model.engine,
    warnings: [...setting.warnings, ...warnings, ...recipeOf(job).warnings(use)],
  };
}

/** What the peer of a rank continues from. */
export const resumedOf = (checkpoint: Checkpoint | undefined, rank: number): Resumed | undefined =>
  checkpoint === undefined
    ? undefined
    : { round: checkpoint.round, params: checkpoint.params, learner: checkpoint.peers[rank] ?? new Map() };
