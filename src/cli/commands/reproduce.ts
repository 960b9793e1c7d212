/**
 * `thinwire reproduce`: small experiments of papers, each result beside what the paper claims.
 */
import { join } from "node:path";
import { Command } from "commander";
import { ConfigError } from "../../base/errors.ts";
import { lookUp } from "../../base/spec.ts";
import { formatSeconds } from "../../base/units.ts";
import type { Experiment } from "../../reproduction/experiment.ts";
import type { ReproductionResult } from "../../reproduction/result.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { wrap } from "../format.ts";
import { readFolder } from "../options/run-options.ts";
import { figureSvg } from "../report/figure.ts";
import { resultsPage } from "../report/results-page.ts";
import { formatTable, type TableColumn } from "../table.ts";
import type { World } from "../world.ts";

interface ReproduceOptions {
  readonly all?: boolean;
  readonly list?: boolean;
  readonly json?: boolean;
  readonly data?: string;
  readonly out?: string;
}

const DEFAULT_DATA = "data";
const DEFAULT_OUT = "docs/results";

export function reproduceCommand(world: World, end: (code: ExitCode) => void): Command {
  return new Command("reproduce")
    .summary("small experiments of papers, beside what they claim")
    .description(
      "Runs a paper's small experiment in the simulator, sets the numbers beside the paper's claim, and draws the curves. Results are kept in a folder: a plot for each (SVG, and PNG where @resvg/resvg-wasm and dejavu-fonts-ttf are installed), results.json and a table in README.md.",
    )
    .argument("[names...]", "experiments, as --list names them")
    .option("--all", "every experiment whose data files are there (default: off)")
    .option("--list", "only tell what there is (default: off)")
    .option(
      "--data <dir>",
      `folder with the LIBSVM files a9a, w8a and mushrooms and MNIST's IDX files (default: ${DEFAULT_DATA})`,
    )
    .option("--out <dir>", `folder for plots and tables (default: ${DEFAULT_OUT})`)
    .option("--json", "print one JSON array as the last line; progress goes to stderr (default: off)")
    .addHelpText(
      "after",
      "\nExamples:\n  thinwire reproduce --list\n  thinwire reproduce dcgd-divergence sign-drift\n  thinwire reproduce --all --data ~/libsvm",
    )
    .action(async (names: string[], options: ReproduceOptions) => {
      const known = await world.engines.reproduction.experiments();
      const chosen = options.all === true || options.list === true ? [...known.values()] : named(names, known);
      if (options.list === true) list(world, names.length === 0 ? chosen : named(names, known), options.json === true);
      else await reproduceAll(world, chosen, options);
      end(EXIT.done);
    });
}

/** @throws {ConfigError} with the nearest name */
function named(names: readonly string[], known: ReadonlyMap<string, Experiment>): Experiment[] {
  if (names.length === 0) throw new ConfigError("reproduce", { expected: "names of experiments, or --all or --list" });
  return [...new Set(names)].map((name) => lookUp(known, name, "reproduce", "an experiment"));
}

function list(world: World, experiments: readonly Experiment[], json: boolean): void {
  if (json) {
    const rows = experiments.map(({ run: _, ...about }) => about);
    return void world.stdout.write(`${JSON.stringify(rows)}\n`);
  }
  const width = widthOf(world);
  const lines = experiments.flatMap(({ name, title, paper, claim, files }) => [
    `${name}: ${title} (${paper})`,
    ...indented(claim, width),
    ...(files.length === 0 ? [] : indented(`reads ${files.join(", ")}`, width)),
  ]);
  world.stdout.write(`${lines.join("\n")}\n`);
}

async function reproduceAll(world: World, chosen: readonly Experiment[], options: ReproduceOptions): Promise<void> {
  const out = readFolder(options.out, "--out") ?? DEFAULT_OUT;
  const folder = readFolder(options.data, "--data") ?? DEFAULT_DATA;
  const json = options.json === true;
  const stream = json ? world.stderr : world.stdout;
  const width = widthOf(world);
  const experiments = options.all === true ? await possible(world, chosen, folder) : chosen;
  const rasterise = await world.engines.reproduction.rasteriser();
  if (rasterise === undefined) {
    world.stderr.write("thinwire: no PNG files: npm install @resvg/resvg-wasm dejavu-fonts-ttf to have them\n");
  }
  const stop = new AbortController();
  const close = world.onInterrupt(() => stop.abort());
  const results: ReproductionResult[] = [];
  try {
    const { threads } = world.engines.reproduction;
    const run = (experiment: Experiment) => {
      world.stderr.write(`running ${experiment.name} ...\n`);
      return world.engines.reproduction.run(experiment, folder, stop.signal);
    };
    for await (const { result, figure } of sideBySide(experiments, threads, run)) {
      results.push(result);
      const svg = figureSvg(result.title, figure);
      await world.writeFile(join(out, `${result.name}.svg`), svg);
      if (rasterise !== undefined) await world.writeFile(join(out, `${result.name}.png`), rasterise(svg));
      await keep(world, out, result);
      stream.write(`${summary(result, width).join("\n")}\n`);
    }
  } finally {
    stop.abort(); // of those that still run when one fails
    close();
  }
  stream.write(`\n${formatTable(COLUMNS, results.map(cells), width).join("\n")}\n\ntable: ${join(out, "README.md")}\n`);
  if (json) world.stdout.write(`${JSON.stringify(results)}\n`);
}

/** Runs up to `most` at a time, and gives each result as it comes. */
async function* sideBySide<T, R>(items: readonly T[], most: number, run: (item: T) => Promise<R>): AsyncGenerator<R> {
  const waiting = [...items];
  const running = new Map<number, Promise<{ readonly id: number; readonly result: R }>>();
  for (let id = 0; waiting.length > 0 || running.size > 0; id++) {
    const next = running.size < most ? waiting.shift() : undefined;
    if (next !== undefined) {
      const task = run(next).then((result) => ({ id, result }));
      task.catch(() => {}); // heard below, or not at all once another has failed
      running.set(id, task);
      continue;
    }
    const done = await Promise.race(running.values());
    running.delete(done.id);
    yield done.result;
  }
}

/** The experiments whose files are there; tells which are left out. */
async function possible(world: World, experiments: readonly Experiment[], folder: string): Promise<Experiment[]> {
  const found: Experiment[] = [];
  for (const experiment of experiments) {
    const there = await Promise.all(experiment.files.map((file) => world.exists(join(folder, file))));
    const missing = experiment.files.filter((_, i) => there[i] !== true);
    if (missing.length === 0) found.push(experiment);
    else world.stderr.write(`left out ${experiment.name}: no ${missing.join(", ")} in ${folder} (see --data)\n`);
  }
  return found;
}

/** Adds a result to those of earlier calls, in place of an older one of its name. */
async function keep(world: World, out: string, result: ReproductionResult): Promise<void> {
  const path = join(out, "results.json");
  const earlier = await world.readFile(path);
  const kept: readonly ReproductionResult[] = earlier === undefined ? [] : JSON.parse(earlier);
  const all = kept.some(({ name }) => name === result.name)
    ? kept.map((old) => (old.name === result.name ? result : old))
    : [...kept, result];
  const order = [...(await world.engines.reproduction.experiments()).keys()];
  const sorted = all.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  await world.writeFile(path, `${JSON.stringify(sorted, null, 2)}\n`);
  await world.writeFile(join(out, "README.md"), resultsPage(sorted));
}

function summary({ name, claim, measured, verdict, reason, seconds }: ReproductionResult, width: number): string[] {
  return [
    `${name}: ${verdict} (${formatSeconds(seconds)})`,
    ...indented(`claim: ${claim}`, width),
    ...indented(`measured: ${measured}`, width),
    ...(reason === undefined ? [] : indented(`note: ${reason}`, width)),
  ];
}

const COLUMNS: readonly TableColumn[] = [
  { header: "experiment", align: "left" },
  { header: "paper", align: "left" },
  { header: "verdict", align: "left" },
  { header: "time", align: "right" },
];
const cells = ({ name, paper, verdict, seconds }: ReproductionResult): string[] => [
  name,
  paper,
  verdict,
  formatSeconds(seconds),
];

const widthOf = (world: World): number => Math.max(40, world.stdout.columns ?? 80);
const indented = (text: string, width: number): string[] => wrap(text, width - 2).map((line) => `  ${line}`);
