/**
 * `thinwire compare`: several recipes or compressors on the same job, one after the other, and what each came to.
 */
import { join } from "node:path";
import { Command } from "commander";
import { Aborted } from "../../base/errors.ts";
import type { Job } from "../../runs/job.ts";
import type { RunControls } from "../../runs/result.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { wrap } from "../format.ts";
import { type Interrupt, listenForInterrupt } from "../interrupt.ts";
import { COMPARE_DEFAULTS, type CompareOptions, readComparison } from "../options/comparison-request.ts";
import { addJobOptions } from "../options/job-options.ts";
import { addRunOptions, type CheckpointChoice } from "../options/run-options.ts";
import { DEFAULT_VARIANTS, variantName } from "../options/variants.ts";
import { exitCodeOf, jobLine } from "../outcomes.ts";
import { type ComparedRun, comparisonNotes, comparisonTable } from "../report/comparison.ts";
import { reportPage } from "../report/page.ts";
import { openScreen } from "../screen/open-screen.ts";
import { RunState } from "../screen/run-state.ts";
import type { Screen } from "../screen/screen.ts";
import { shownOn } from "../screen/shown-on.ts";
import { formatTable } from "../table.ts";
import type { World } from "../world.ts";

export function compareCommand(world: World, end: (code: ExitCode) => void): Command {
  const command = new Command("compare")
    .summary("recipes or compressors side by side: a table, and report.html")
    .description(
      "Trains the same job with each variant, stops each at the target, and sets the bytes and the time they took side by side: as a table, and as plots in report.html.",
    )
    .argument(
      "[variants...]",
      `RECIPE, RECIPE/COMPRESSOR or RECIPE/COMPRESSOR/DOWN; the first is what the others are measured against (default: ${DEFAULT_VARIANTS.join(" ")})`,
    )
    .option("--simulate", "virtual time instead of worker threads (default: off)");
  addJobOptions(command, { without: ["recipe", "compressor", "down"], defaults: COMPARE_DEFAULTS });
  addRunOptions(command, "runs/compare-<local time>", false);
  command.addHelpText(
    "after",
    `
Examples:
  thinwire compare
  thinwire compare --simulate --link 5mbit/40ms
  thinwire compare --config job.json
  thinwire compare sgd double-squeeze/top-k:0.001 --until accuracy=0.9`,
  );
  return command.action(async (variants: string[], options: CompareOptions) =>
    end(await compare(world, variants, options)),
  );
}

async function compare(world: World, variants: readonly string[], typed: CompareOptions): Promise<ExitCode> {
  const { jobs, out, checkpoints, log } = await readComparison(world, variants, typed);
  const json = typed.json === true;
  const quiet = typed.quiet === true;
  const train = typed.simulate === true ? world.engines.simulate : world.engines.train;

  const states = jobs.map((job) => new RunState(variantName(job), job.rounds));
  const screen = openScreen(world, states, { quiet, json, log });
  const interrupt = listenForInterrupt(world, (line) => screen.say(line));
  let runs: ComparedRun[];
  try {
    runs = await runAll({ world, jobs, states, screen, interrupt, train, out, checkpoints, quiet });
  } finally {
    interrupt.close();
    screen.close();
  }

  const common = jobs[0]!;
  const content = { runs, job: common, clock: typed.simulate === true ? "virtual" : "wall" } as const;
  const object = { command: "compare", clock: content.clock, runs: runs.map(asJson) };
  await world.writeFile(join(out, "result.json"), `${JSON.stringify(object, null, 2)}\n`);
  await world.writeFile(join(out, "report.html"), reportPage(content, world.today()));

  const stream = json ? world.stderr : world.stdout;
  if (!(json && quiet)) {
    const width = Math.max(20, stream.columns ?? 80);
    const { columns, rows } = comparisonTable(runs);
    const notes = comparisonNotes(runs).flatMap((note) => wrap(note, width));
    const lines = ["", ...formatTable(columns, rows, width), "", ...notes, `report: ${join(out, "report.html")}`];
    stream.write(`${lines.join("\n")}\n`);
  }
  if (json) world.stdout.write(`${JSON.stringify(object)}\n`);
  return exitCodeOfAll(runs, interrupt);
}

interface RunAll {
  readonly world: World;
  readonly jobs: readonly Job[];
  readonly states: readonly RunState[];
  readonly screen: Screen;
  readonly interrupt: Interrupt;
  readonly train: World["engines"]["train"];
  readonly out: string;
  readonly checkpoints: CheckpointChoice;
  readonly quiet: boolean;
}

/** One after the other: runs that share the machine's cores would slow each other down. */
async function runAll(all: RunAll): Promise<ComparedRun[]> {
  const { world, jobs, states, screen, interrupt, train, out, checkpoints, quiet } = all;
  const runs: ComparedRun[] = [];
  for (const [i, job] of jobs.entries()) {
    const state = states[i]!;
    const { name } = state;
    if (interrupt.stop.aborted) {
      state.status = "skipped";
      runs.push({ name, status: "skipped" });
      continue;
    }
    const shown = shownOn(screen, state, world);
    const controls: RunControls = {
      listener: {
        ...shown,
        started(header) {
          shown.started(header);
          if (i === 0 && !quiet) screen.say(jobLine(header));
        },
      },
      out: join(out, folderName(i, name)),
      ...checkpoints,
      stop: interrupt.stop,
      kill: interrupt.kill,
    };
    try {
      const result = await train(job, controls);
      state.status = result.outcome;
      runs.push({ name, status: result.outcome, result });
    } catch (error) {
      // What fails before the first run has begun is wrong with the job, and would fail again for each variant.
      if (i === 0 && state.status === "waiting" && !(error instanceof Aborted)) throw error;
      state.status = error instanceof Aborted ? "interrupted" : "failed";
      runs.push({ name, status: state.status, error: error instanceof Error ? error : new Error(String(error)) });
    }
    screen.update(state, true);
  }
  return runs;
}

/** `2-double-squeeze-top-k-0.01` */
const folderName = (i: number, name: string): string => `${i + 1}-${name.replace(/[^a-z0-9.]+/gi, "-")}`;

const asJson = ({ name, status, result, error }: ComparedRun): object => ({
  variant: name,
  ...(result ?? { outcome: status, ...(error === undefined ? {} : { error: error.message }) }),
});

function exitCodeOfAll(runs: readonly ComparedRun[], interrupt: Interrupt): ExitCode {
  if (interrupt.stop.aborted) return EXIT.interrupted;
  if (runs.some(({ result }) => result === undefined)) return EXIT.failed;
  return runs.some(({ result }) => result !== undefined && exitCodeOf(result) === EXIT.missed)
    ? EXIT.missed
    : EXIT.done;
}
