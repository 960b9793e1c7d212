/**
 * What a peer of a live run opens before it is a member: its data, and the model once, to check it and to know its layout.
 */
import { ConfigError } from "../base/errors.ts";
import type { Layout } from "../base/layout.ts";
import { formatLearningRate, type Job, recipeOf } from "./job.ts";
import { type LiveSetting, openLiveSetting } from "./live-data.ts";
import type { RunControls, RunHeader } from "./result.ts";
import { headerOf, openJobModel } from "./setting.ts";

export interface Opened {
  readonly job: Job;
  readonly setting: LiveSetting;
  readonly header: RunHeader;
  readonly layout: Layout;
}

/**
 * @param shared as in `openLiveSetting`
 * @throws {ConfigError | DataError | ModelError | CheckpointError}
 */
export async function openLive(job: Job, shared: boolean, controls: RunControls): Promise<Opened> {
  if (!shared && job.rateUnit === "theory") {
    throw new ConfigError("--lr", {
      expected: "a plain number, where each peer has data of its own that the others do not know",
      got: formatLearningRate(job),
    });
  }
  const setting = await openLiveSetting(job, shared, controls);
  const warnings: string[] = [];
  const model = await openJobModel(job, setting.data, (line) => warnings.push(line));
  try {
    return { job, setting, header: headerOf(job, setting, model, warnings), layout: model.layout };
  } finally {
    await model.close();
  }
}

/** @throws {ConfigError} if a member without data cannot take part */
export function checkRole(job: Job, role: string): void {
  if (role === "train" || recipeOf(job).decentralised !== true) return;
  throw new ConfigError("--role", {
    expected: `train: with --recipe ${job.recipe} every member trains`,
    got: role,
  });
}
