/**
 * `train` and `simulate`: one job, shown while it runs, with its files and its result.
 */
import { basename, dirname } from "node:path";
import { Command } from "commander";
import { Aborted, CheckpointError, ConfigError } from "../../base/errors.ts";
import type { JobOptions } from "../../runs/job.ts";
import type { RunControls } from "../../runs/result.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { addFaultOptions, type FaultOptions, readFaults } from "../options/fault-options.ts";
import { addJobOptions, readJob, simulateCommandLine } from "../options/job-options.ts";
import {
  addRunOptions,
  defaultFolder,
  type RunOptions,
  readCheckpointEvery,
  readFolder,
} from "../options/run-options.ts";
import { variantName } from "../options/variants.ts";
import { exitCodeOf, headline, summary } from "../outcomes.ts";
import { openScreen } from "../screen/open-screen.ts";
import { RunState } from "../screen/run-state.ts";
import { shownOn } from "../screen/shown-on.ts";
import type { World } from "../world.ts";

export interface RunKind {
  readonly name: "train" | "simulate";
  readonly summary: string;
  readonly description: string;
  readonly examples: string;
  /** Files are written without `--out` too. */
  readonly alwaysWrites: boolean;
}

type Options = JobOptions & RunOptions & FaultOptions;

export function runCommand(kind: RunKind, world: World, end: (code: ExitCode) => void): Command {
  const command = new Command(kind.name).summary(kind.summary).description(kind.description);
  addJobOptions(command);
  if (kind.name === "simulate") addFaultOptions(command);
  addRunOptions(command, kind.alwaysWrites ? `runs/${kind.name}-<local time>` : "nothing is written", true);
  command.addHelpText("after", `\n${kind.examples}`);
  return command.action(async (options: Options) => end(await run(kind, world, options)));
}

async function run(kind: RunKind, world: World, options: Options): Promise<ExitCode> {
  const json = options.json === true;
  const quiet = options.quiet === true;
  const resume = readFolder(options.resume, "--resume");
  const checkpointEvery = readCheckpointEvery(options);
  const resumed = resume === undefined ? undefined : await world.engines.jobOf(resume);
  const faults = await readFaults(world, options, resumed);
  const job = readJob({ ...options, ...(faults !== undefined && { faults }) }, resumed);
  const out = readFolder(options.out, "--out") ?? (kind.alwaysWrites ? usualFolder(kind, resume, world) : undefined);

  const state = new RunState(variantName(job), job.rounds);
  const screen = openScreen(world, [state], { quiet, json });
  const interrupt = listenForInterrupt(world, (line) => screen.say(line));
  const shown = shownOn(screen, state, world);
  const controls: RunControls = {
    listener: {
      ...shown,
      started(header) {
        shown.started(header);
        if (!quiet) screen.say(headline(header));
        for (const warning of header.warnings) screen.say(`warning: ${warning}`);
      },
    },
    stop: interrupt.stop,
    kill: interrupt.kill,
    checkpointEvery,
    ...(out === undefined ? {} : { out }),
    ...(resume === undefined ? {} : { resume }),
    ...(options.trace === undefined ? {} : { trace: options.trace }),
  };
  /** How to see it fail again. */
  const sayReplay = () => {
    if (kind.name === "simulate") world.stderr.write(`replay: ${simulateCommandLine(job, resume)}\n`);
  };
  try {
    const result = await world.engines[kind.name](job, controls);
    state.status = result.outcome;
    screen.update(state, true);
    screen.close();
    const stream = json ? world.stderr : world.stdout;
    if (!(json && quiet)) stream.write(`${summary(result, out, stream.columns).join("\n")}\n`);
    if (json) world.stdout.write(`${JSON.stringify(result)}\n`);
    const code = exitCodeOf(result);
    if (code === EXIT.failed) sayReplay();
    return code;
  } catch (error) {
    if (!BEFOREHAND.some((kind) => error instanceof kind)) sayReplay();
    throw error;
  } finally {
    interrupt.close();
    screen.close();
  }
}

/** What keeps a run from beginning, or ends it from outside: there is nothing to see again. */
const BEFOREHAND = [Aborted, ConfigError, CheckpointError];

/** A run that is continued goes on in its own folder. */
function usualFolder(kind: RunKind, resume: string | undefined, world: World): string {
  if (resume === undefined) return defaultFolder(kind.name, world.today());
  return /^round-\d+$/.test(basename(resume)) ? dirname(dirname(resume)) : resume;
}
