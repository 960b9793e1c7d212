/**
 * What `compare` was asked for: the command line over the job file.
 */
import { ConfigError } from "../../base/errors.ts";
import type { ConfigOptions } from "../../runs/config.ts";
import type { Job, JobOptions } from "../../runs/job.ts";
import type { LogFormat } from "../screen/open-screen.ts";
import type { World } from "../world.ts";
import { type ConfigFile, namingFields, readConfig } from "./config-file.ts";
import { COMMAND_DEFAULTS, readJob } from "./job-options.ts";
import {
  type CheckpointChoice,
  defaultFolder,
  type RunOptions,
  readCheckpoints,
  readFolder,
  readLog,
} from "./run-options.ts";
import { DEFAULT_VARIANTS, parseVariant, variantName } from "./variants.ts";

export const COMPARE_DEFAULTS: JobOptions = { ...COMMAND_DEFAULTS, until: "accuracy=0.95" };

export interface CompareOptions extends JobOptions, RunOptions {
  readonly simulate?: boolean;
}

export interface ComparisonRequest {
  /** In the order in which they run; the first is what the others are measured against. */
  readonly jobs: readonly Job[];
  readonly out: string;
  readonly checkpoints: CheckpointChoice;
  readonly log: LogFormat;
}

/** @throws {ConfigError} */
export async function readComparison(
  world: World,
  named: readonly string[],
  typed: CompareOptions,
): Promise<ComparisonRequest> {
  const config = await readConfig(world, typed.config);
  refuseUnwatched(config);
  const { recipe, compressor, down, ...common } = config?.options ?? {};
  const own = { ...(recipe && { recipe }), ...(compressor && { compressor }), ...(down && { down }) };
  const options: CompareOptions = { ...common, ...typed };
  return namingFields(config, typed, () => ({
    jobs: readJobs(variantsOf(named, own), options),
    out: readFolder(options.out, "--out") ?? defaultFolder("compare", world.today()),
    checkpoints: readCheckpoints(options),
    log: readLog(options),
  }));
}

/** Those that are named; else what the job file trains, beside plain SGD; else the usual ones. */
function variantsOf(named: readonly string[], own: JobOptions): readonly JobOptions[] {
  if (named.length > 0) return named.map(parseVariant);
  if (Object.keys(own).length === 0 || own.recipe === "sgd") return DEFAULT_VARIANTS.map(parseVariant);
  return [{ recipe: "sgd" }, own];
}

/** @throws {ConfigError} if a variant comes twice */
function readJobs(variants: readonly JobOptions[], options: JobOptions): Job[] {
  const jobs = variants.map((variant) => readJob({ ...options, ...variant }, undefined, COMPARE_DEFAULTS));
  const names = new Set<string>();
  for (const job of jobs) {
    const name = variantName(job);
    if (names.has(name)) throw new ConfigError("variants", { expected: "each variant once", got: name });
    names.add(name);
  }
  return jobs;
}

/** @throws {ConfigError} for fields of a job file that only runs by themselves have a use for */
function refuseUnwatched(config: ConfigFile | undefined): void {
  const fields: readonly (keyof ConfigOptions)[] = ["metrics", "stallAfter"];
  for (const field of fields) {
    const got = config?.options[field];
    if (got === undefined) continue;
    throw new ConfigError(`${config?.path}: ${field}`, { expected: `no ${field} with thinwire compare`, got });
  }
}
