/**
 * What `train` and `simulate` were asked for: the command line over the job file over the run that is continued.
 */
import { basename, dirname } from "node:path";
import { ConfigError } from "../../base/errors.ts";
import type { Job, JobOptions } from "../../runs/job.ts";
import type { LogFormat } from "../screen/open-screen.ts";
import type { World } from "../world.ts";
import { namingFields, readConfig } from "./config-file.ts";
import { type FaultOptions, readFaults } from "./fault-options.ts";
import { readJob } from "./job-options.ts";
import { type MonitorChoice, type MonitorOptions, readMonitor } from "./monitor-options.ts";
import { type CheckpointChoice, type RunOptions, readCheckpoints, readFolder, readLog } from "./run-options.ts";

export type TypedOptions = JobOptions & RunOptions & FaultOptions & MonitorOptions & { readonly debug?: boolean };

export interface RunRequest {
  readonly job: Job;
  /** Where files go; undefined where none are written. */
  readonly out: string | undefined;
  readonly resume: string | undefined;
  readonly checkpoints: CheckpointChoice;
  readonly trace: string | undefined;
  readonly monitor: MonitorChoice | undefined;
  readonly log: LogFormat;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
  /** What was said of the rest, as text. */
  readonly options: TypedOptions;
}

/** @param usualOut where files go if nobody says so @throws {ConfigError | CheckpointError} */
export async function readRequest(
  world: World,
  typed: TypedOptions,
  usualOut: string | undefined,
): Promise<RunRequest> {
  const config = await readConfig(world, typed.config);
  const options: TypedOptions = { ...config?.options, ...typed };
  return namingFields(config, typed, async () => {
    const checkpoints = readCheckpoints(options);
    const monitor = readMonitor(options);
    const log = readLog(options);
    const resume = await runToContinue(world, options);
    const resumed = resume === undefined ? undefined : await world.engines.jobOf(resume);
    const faults = await readFaults(world, options, resumed);
    return {
      job: readJob({ ...options, ...(faults !== undefined && { faults }) }, resumed),
      out: readFolder(options.out, "--out") ?? (resume && usualOut ? runFolder(resume) : usualOut),
      resume,
      checkpoints,
      trace: options.trace,
      monitor,
      log,
      json: options.json === true,
      quiet: options.quiet === true,
      debug: options.debug === true,
      options,
    };
  });
}

/** @throws {ConfigError} */
async function runToContinue(world: World, options: RunOptions): Promise<string | undefined> {
  const resume = readFolder(options.resume, "--resume");
  if (options.continue !== true) return resume;
  if (resume !== undefined) throw new ConfigError("--continue", { expected: "no --resume beside it", got: resume });
  const out = readFolder(options.out, "--out");
  if (out === undefined) throw new ConfigError("--continue", { expected: "--out, the folder of the run" });
  return (await world.engines.holdsRun(out)) ? out : undefined;
}

/** A run that is continued goes on in its own folder. */
const runFolder = (resume: string): string =>
  /^round-\d+$/.test(basename(resume)) ? dirname(dirname(resume)) : resume;
