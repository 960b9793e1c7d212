/**
 * `thinwire plan`: what a round of each recipe costs on a link, and which one to take.
 */
import { Command, Option } from "commander";
import { ConfigError } from "../../base/errors.ts";
import { parseDuration } from "../../base/units.ts";
import type { Plan, Standing } from "../../planning/plan.ts";
import { formatLink, type JobOptions } from "../../runs/job.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { wrap } from "../format.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { addJobOptions, readJob } from "../options/job-options.ts";
import { addOutputOptions } from "../options/run-options.ts";
import { variantName } from "../options/variants.ts";
import { pilot } from "../pilot.ts";
import {
  planHeadline,
  planNotes,
  planObject,
  planTable,
  type Recommendation,
  recommendationOf,
} from "../report/planning.ts";
import { formatTable } from "../table.ts";
import type { World } from "../world.ts";

interface PlanOptions extends JobOptions {
  readonly pilot?: string;
  readonly measure?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** How many candidates a pilot runs. */
const PILOTS = 4;

export function planCommand(world: World, end: (code: ExitCode) => void): Command {
  const command = new Command("plan")
    .summary("what a round costs on a link, and which recipe to take")
    .description(
      "Runs two rounds of many recipes and settings in virtual time, tells where the time of a round goes, and recommends one. Which rounds a target takes, a plan cannot know: it estimates them from runs elsewhere, or measures them in short runs of the most promising ones with --pilot.",
    );
  addJobOptions(command, {
    without: ["recipe", "compressor", "down", "momentum", "optimizer", "aggregator", "byzantine", "local"],
  });
  command.addOption(
    new Option(
      "--pilot <time>",
      `real time for short runs of the ${PILOTS} most promising ones, such as 30s (default: none)`,
    ),
  );
  if (world.engines.measureLink !== undefined) {
    command.addOption(new Option("--measure <host>", "measure the link to a host, in place of --link (default: none)"));
  }
  addOutputOptions(command);
  command.addHelpText(
    "after",
    `
Examples:
  thinwire plan --link 20mbit/30ms --peers 8
  thinwire plan --link 5mbit/40ms --model mlp:512,128 --data idx:DIR --until accuracy=0.93 --pilot 60s`,
  );
  return command.action(async (options: PlanOptions) => end(await run(world, options)));
}

async function run(world: World, options: PlanOptions): Promise<ExitCode> {
  const budget = options.pilot === undefined ? undefined : 1000 * parseDuration(options.pilot, "--pilot");
  const link = await linkOf(world, options);
  const job = readJob({ ...options, ...(link !== undefined && { link }) }, undefined);
  const say = (line: string) => {
    if (options.quiet !== true) world.stderr.write(`${line}\n`);
  };
  const interrupt = listenForInterrupt(world, say);
  try {
    say("two rounds of each candidate, in virtual time");
    const plan = await world.engines.plan(job, interrupt.stop);
    const pilots =
      budget === undefined
        ? []
        : await pilot(world, plan.rows.slice(0, PILOTS), {
            milliseconds: budget,
            stop: interrupt.stop,
            kill: interrupt.kill,
            say,
          });
    show(world, plan, pilots, options.json === true);
    return interrupt.stop.aborted ? EXIT.interrupted : EXIT.done;
  } finally {
    interrupt.close();
  }
}

async function linkOf(world: World, { measure, link }: PlanOptions): Promise<string | undefined> {
  if (measure === undefined || world.engines.measureLink === undefined) return undefined;
  if (link !== undefined) throw new ConfigError("--measure", { expected: "no --link beside it", got: link });
  return formatLink(await world.engines.measureLink(measure));
}

function show(world: World, plan: Plan, pilots: readonly Standing[], json: boolean): void {
  const chosen = recommendationOf(plan, pilots);
  const stream = json ? world.stderr : world.stdout;
  stream.write(`${lines(plan, pilots, chosen, Math.max(20, stream.columns ?? 80)).join("\n")}\n`);
  if (json) world.stdout.write(`${JSON.stringify(planObject(plan, pilots, chosen))}\n`);
}

function lines(plan: Plan, pilots: readonly Standing[], chosen: Recommendation, width: number): string[] {
  const { columns, rows } = planTable(plan, pilots);
  const { job } = chosen.row;
  const paragraphs = [
    ...planNotes(plan, job),
    "",
    `Recommended: ${variantName(job)}, ${chosen.by === "pilot" ? "measured in the pilot" : "by the estimate"}.`,
    ...chosen.reasons,
  ];
  return [
    ...wrap(planHeadline(plan, job), width),
    "",
    ...formatTable(columns, rows, width),
    "",
    ...paragraphs.flatMap((text) => wrap(text, width)),
    chosen.command,
  ];
}
