/**
 * `train` and `simulate`: one job, shown while it runs, with its files and its result.
 */
import { Command } from "commander";
import { Aborted, CheckpointError, ConfigError } from "../../base/errors.ts";
import { seconds } from "../../base/units.ts";
import type { RunControls, RunListener, RunResult } from "../../runs/result.ts";
import { complaintOf } from "../complaints.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { type Interrupt, listenForInterrupt } from "../interrupt.ts";
import { launchedRequest, launchingFrom } from "../launching.ts";
import { openMonitoring, tellBoth } from "../monitoring.ts";
import { addFaultOptions } from "../options/fault-options.ts";
import { addJobOptions, simulateCommandLine } from "../options/job-options.ts";
import { addMonitorOptions } from "../options/monitor-options.ts";
import { addRunOptions, defaultFolder } from "../options/run-options.ts";
import { type RunRequest, readRequest, type TypedOptions } from "../options/run-request.ts";
import { variantName } from "../options/variants.ts";
import { exitCodeOf, headline, summary } from "../outcomes.ts";
import { openScreen } from "../screen/open-screen.ts";
import { RunState } from "../screen/run-state.ts";
import type { Screen } from "../screen/screen.ts";
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

export function runCommand(kind: RunKind, world: World, end: (code: ExitCode) => void): Command {
  const command = new Command(kind.name).summary(kind.summary).description(kind.description);
  addJobOptions(command);
  if (kind.name === "simulate") addFaultOptions(command);
  addRunOptions(command, kind.alwaysWrites ? `runs/${kind.name}-<local time>` : "nothing is written", true);
  addMonitorOptions(command);
  command.addHelpText("after", `\n${kind.examples}`);
  return command.action(async (options: TypedOptions) => end(await run(kind, world, options)));
}

async function run(kind: RunKind, world: World, options: TypedOptions): Promise<ExitCode> {
  const usualOut = kind.alwaysWrites ? defaultFolder(kind.name, world.today()) : undefined;
  const launching = kind.name === "train" ? await launchingFrom(world.env) : undefined;
  const asked = await readRequest(world, options, usualOut);
  const request = launching === undefined ? asked : await launchedRequest(world, asked, launching);
  const isQuietRank = launching !== undefined && launching.launch.rank > 0;
  const { job, resume, log, quiet, debug } = request;
  const monitoring = await openMonitoring(world, request.monitor);
  const state = new RunState(variantName(job), job.rounds);
  const screen = openScreen(world, [state], request);
  const interrupt = listenForInterrupt(world, (line) => screen.say(line));
  /** How to see it fail again. */
  const sayReplay = () => {
    if (kind.name !== "simulate") return;
    const line = `replay: ${simulateCommandLine(job, resume)}`;
    if (log === "json") screen.say(line, "error");
    else world.stderr.write(`${line}\n`);
  };
  if (monitoring.url !== undefined && !quiet) screen.say(`watch ${monitoring.url}/metrics and /healthz`);
  try {
    const listener = tellBoth(monitoring.listener, shown(screen, state, world, request));
    const controls = controlsOf(request, interrupt, listener);
    const result =
      launching === undefined
        ? await world.engines[kind.name](job, controls)
        : await world.engines.launched(job, launching, {
            ...controls,
            say: (line, level) => void (isQuietRank || screen.say(line, level)),
            today: () => seconds(world.today().getTime() / 1000),
          });
    state.status = result.outcome;
    screen.update(state, true);
    screen.close();
    if (!isQuietRank) tellResult(world, request, result);
    const code = exitCodeOf(result);
    if (code === EXIT.failed) sayReplay();
    return code;
  } catch (error) {
    if (!BEFOREHAND.some((kind) => error instanceof kind)) sayReplay();
    if (log !== "json") throw error;
    const { text, exitCode } = complaintOf(error, debug);
    screen.say(text.trimEnd(), "error");
    return exitCode;
  } finally {
    interrupt.close();
    screen.close();
    await monitoring.close();
  }
}

/** What keeps a run from beginning, or ends it from outside: there is nothing to see again. */
const BEFOREHAND = [Aborted, ConfigError, CheckpointError];

function shown(screen: Screen, state: RunState, world: World, { job, quiet }: RunRequest): RunListener {
  const listener = shownOn(screen, state, world, job.evalEvery);
  return {
    ...listener,
    started(header) {
      listener.started(header);
      if (!quiet) screen.say(headline(header));
      for (const warning of header.warnings) screen.say(warning, "warning");
    },
  };
}

const controlsOf = (
  { out, resume, checkpoints, trace }: RunRequest,
  { stop, kill }: Interrupt,
  listener: RunListener,
): RunControls => ({
  listener,
  stop,
  kill,
  ...checkpoints,
  ...(out === undefined ? {} : { out }),
  ...(resume === undefined ? {} : { resume }),
  ...(trace === undefined ? {} : { trace }),
});

function tellResult(world: World, { json, quiet, log, out }: RunRequest, result: RunResult): void {
  const stream = json ? world.stderr : world.stdout;
  if (!json || (!quiet && log === "text")) stream.write(`${summary(result, out, stream.columns).join("\n")}\n`);
  if (json) world.stdout.write(`${JSON.stringify(result)}\n`);
}
