/**
 * A live run on the screen: what it says, how far it is, and how it ends, for `serve` and `join`.
 */
import { seconds } from "../base/units.ts";
import type { Job } from "../runs/job.ts";
import type { LiveControls } from "../runs/live-run.ts";
import type { RunResult } from "../runs/result.ts";
import { complaintOf } from "./complaints.ts";
import type { ExitCode } from "./exit-codes.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { openMonitoring, tellBoth } from "./monitoring.ts";
import type { LiveCheckpoints } from "./options/live-options.ts";
import type { MonitorChoice } from "./options/monitor-options.ts";
import { variantName } from "./options/variants.ts";
import { exitCodeOf, headline, summary } from "./outcomes.ts";
import { type LogFormat, openScreen } from "./screen/open-screen.ts";
import { RunState } from "./screen/run-state.ts";
import { shownOn } from "./screen/shown-on.ts";
import type { World } from "./world.ts";

export interface LiveShow {
  readonly out: string;
  readonly resume: string | undefined;
  readonly checkpoints: LiveCheckpoints;
  readonly monitor: MonitorChoice | undefined;
  readonly log: LogFormat;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
}

/** What runs, once it is known. */
export interface Begun {
  readonly job: Job;
  run(): Promise<RunResult>;
}

/** @param begin may take long: what it says is shown, and it can be interrupted */
export async function showLive(
  world: World,
  show: LiveShow,
  begin: (controls: LiveControls) => Promise<Begun>,
): Promise<ExitCode> {
  const monitoring = await openMonitoring(world, show.monitor);
  const runs: RunState[] = [];
  const screen = openScreen(world, runs, show);
  const interrupt = listenForInterrupt(world, (line) => screen.say(line));
  if (monitoring.url !== undefined && !show.quiet) screen.say(`watch ${monitoring.url}/metrics and /healthz`);
  const { listener, follow } = followed(world, screen, runs, show.quiet);
  try {
    const controls: LiveControls = {
      listener: tellBoth(monitoring.listener, listener),
      stop: interrupt.stop,
      kill: interrupt.kill,
      out: show.out,
      ...show.checkpoints,
      ...(show.resume === undefined ? {} : { resume: show.resume }),
      say: (line, level) => screen.say(line, level),
      today: () => seconds(world.today().getTime() / 1000),
    };
    const begun = await begin(controls);
    const state = follow(begun.job);
    const result = await begun.run();
    state.status = result.outcome;
    screen.update(state, true);
    screen.close();
    tellResult(world, show, result);
    return exitCodeOf(result);
  } catch (error) {
    if (show.log !== "json") throw error;
    const { text, exitCode } = complaintOf(error, show.debug);
    screen.say(text.trimEnd(), "error");
    return exitCode;
  } finally {
    interrupt.close();
    screen.close();
    await monitoring.close();
  }
}

function followed(world: World, screen: ReturnType<typeof openScreen>, runs: RunState[], quiet: boolean) {
  let shown: ReturnType<typeof shownOn> | undefined;
  return {
    follow(job: Job): RunState {
      const state = new RunState(variantName(job), job.rounds);
      runs.push(state);
      shown = shownOn(screen, state, world, job.evalEvery);
      return state;
    },
    listener: tellBoth(
      {
        started(header) {
          if (!quiet) screen.say(headline(header, true));
          for (const warning of header.warnings) screen.say(warning, "warning");
        },
      },
      {
        started: (header) => shown?.started(header),
        progress: (progress) => shown?.progress(progress),
        trouble: (line) => screen.say(line, "warning"),
      },
    ),
  };
}

function tellResult(world: World, { json, quiet, log, out }: LiveShow, result: RunResult): void {
  const stream = json ? world.stderr : world.stdout;
  if (!json || (!quiet && log === "text")) stream.write(`${summary(result, out, stream.columns).join("\n")}\n`);
  if (json) world.stdout.write(`${JSON.stringify(result)}\n`);
}
