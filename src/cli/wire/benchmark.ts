/**
 * Time to accuracy on shaped links: every system on the same hosts, rows and links, one after the other in one run.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../../base/errors.ts";
import type { BitsPerSecond } from "../../base/units.ts";
import type { Dataset } from "../../ports/dataset.ts";
import { checkJob, type Job } from "../../runs/job.ts";
import { openSetting, type Setting } from "../../runs/setting.ts";
import { advisedRecipe } from "./advice.ts";
import { INTERFACE, WireNetwork } from "./network.ts";
import { runOnHosts } from "./processes.ts";
import { ddp, EVAL_STEPS, hiddenOf, type Measured, type System, thinwire } from "./systems.ts";

/** undefined: without a limit. */
type Rate = BitsPerSecond | undefined;

export interface WireBenchmarkOptions {
  readonly data: string;
  readonly model: string;
  readonly hosts: number;
  /** Each with its compressor, as `systems.ts` has it, or `advised`: what is best for the link. Default: `advised`. */
  readonly recipes?: readonly string[];
  readonly links: readonly { readonly name: string; readonly rate: Rate }[];
  readonly batch: number;
  readonly learningRate: number;
  readonly momentum: number;
  /** Test accuracy. */
  readonly target: number;
  /** Training time of one run at most. */
  readonly secondsMax: number;
  readonly seed: number;
  /** A Python that has torch; undefined leaves PyTorch out. */
  readonly python: string | undefined;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface WireRow {
  readonly system: System["system"];
  readonly recipe: string;
  readonly link: string;
  readonly msPerStep: number;
  readonly rounds: number;
  /** null: never. */
  readonly reachedTargetAtSeconds: number | null;
  /** The time was up first: it follows from the rounds that this system needs on a faster link, in which it takes the same steps. */
  readonly extrapolated: boolean;
  /** What all interfaces sent until then, start and end of the processes included. */
  readonly bytes: number;
  readonly ledgerBytes: number | null;
}

const ROUNDS_MAX = 20_000;

/** @throws {ConfigError} without root, without the tools, or if a system fails {DataError} {Aborted} */
export async function benchWire(options: WireBenchmarkOptions): Promise<{ readonly rows: readonly WireRow[] }> {
  const { hosts, signal } = options;
  const network = await WireNetwork.open(hosts, `tw${process.pid % 100_000}`);
  const folder = await mkdtemp(join(tmpdir(), "thinwire-wire-"));
  try {
    const systemsOn = await systemsOf(options, folder);
    const rows: WireRow[] = [];
    for (const { name, rate } of options.links) {
      await network.shape(rate);
      for (const system of systemsOn(rate)) {
        const out = join(folder, `run-${rows.length}`);
        const row = await measure(
          system,
          { network, link: name, folder: out, secondsMax: options.secondsMax, signal },
          rows,
        );
        rows.push(row);
        options.say(`${name}: ${row.system} ${row.recipe}: ${told(row)}`);
      }
    }
    return { rows };
  } finally {
    await network.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function told({ msPerStep, reachedTargetAtSeconds, extrapolated, rounds }: WireRow): string {
  const pace = `${msPerStep.toFixed(1)} ms a step`;
  if (reachedTargetAtSeconds === null) return `${pace}, not reached in ${rounds} rounds`;
  return `${pace}, reached in ${extrapolated ? "about " : ""}${reachedTargetAtSeconds.toFixed(1)} s and ${rounds} rounds`;
}

/** @returns what is compared on a link */
async function systemsOf(options: WireBenchmarkOptions, folder: string): Promise<(rate: Rate) => readonly System[]> {
  const job = checkJob({
    data: options.data,
    model: options.model,
    peers: String(options.hosts),
    batch: String(options.batch),
    lr: String(options.learningRate),
    seed: String(options.seed),
  });
  const shared = [
    ...["--data", job.data, "--model", job.model, "--batch", `${job.batch}`, "--lr", `${options.learningRate}`],
    ...["--momentum", `${options.momentum}@worker`, "--seed", `${job.seed}`, "--rounds", `${ROUNDS_MAX}`],
    ...["--until", `accuracy=${options.target}`],
  ];
  const { recipes = ["advised"], python } = options;
  const main = [process.execPath, process.argv[1]!];
  const own = (rate: Rate) =>
    recipes.map((name) => thinwire(name === "advised" ? advisedRecipe(rate) : name, shared, main));
  for (const { rate } of options.links) own(rate); // complains before anything runs
  const others = python === undefined ? [] : ddp(await ddpTask(options, job, join(folder, "data")), python);
  return (rate) => [...own(rate), ...others];
}

async function ddpTask(options: WireBenchmarkOptions, job: Job, folder: string) {
  const hidden = hiddenOf(job);
  if (hidden === undefined) {
    throw new ConfigError("--model", { expected: "an mlp such as mlp:512,128 beside PyTorch", got: job.model });
  }
  const setting = await openSetting(job, {}, false);
  await writeData(folder, setting);
  const { train } = setting.data;
  return {
    folder,
    hidden,
    inputs: train.inputShape.reduce((product, n) => product * n, 1),
    classes: train.classes,
    batch: options.batch,
    learningRate: options.learningRate,
    momentum: options.momentum,
    evalEvery: EVAL_STEPS,
    target: options.target,
    roundsMax: ROUNDS_MAX,
    seed: options.seed,
  };
}

/** The same rows for the same ranks. */
async function writeData(folder: string, { data, parts }: Setting): Promise<void> {
  await mkdir(folder);
  const write = async (name: string, { inputs, targets }: Dataset) => {
    await writeFile(join(folder, `${name}-inputs.f32`), inputs);
    await writeFile(join(folder, `${name}-targets.i32`), targets);
  };
  await write("train", data.train);
  await write("test", data.test);
  for (const [rank, part] of parts.entries()) await writeFile(join(folder, `part-${rank}.u32`), part);
}

interface Place {
  readonly network: WireNetwork;
  readonly link: string;
  readonly folder: string;
  readonly secondsMax: number;
  readonly signal: AbortSignal;
}

/** @param before rows of faster links */
async function measure(system: System, place: Place, before: readonly WireRow[]): Promise<WireRow> {
  const { network, link, folder, secondsMax, signal } = place;
  const bytesBefore = await network.bytes();
  const line = await runOnHosts({
    network,
    command: system.command({ folder, secondsMax }),
    env: { GLOO_SOCKET_IFNAME: INTERFACE, OMP_NUM_THREADS: "1" },
    ...(system.begins && { begins: system.begins }),
    secondsMax,
    signal,
    what: `${system.system} ${system.recipe}`,
  });
  const measured = system.read(line);
  const bytes = (await network.bytes()) - bytesBefore;
  const same = ({ system: name, recipe }: WireRow) => name === system.system && recipe === system.recipe;
  return rowOf(
    system,
    link,
    measured,
    bytes,
    before.find((row) => same(row) && row.reachedTargetAtSeconds !== null),
  );
}

function rowOf(
  { system, recipe, stepsPerRound }: System,
  link: string,
  { rounds, seconds, reachedTargetAtSeconds, ledgerBytes }: Measured,
  bytes: number,
  reference: WireRow | undefined,
): WireRow {
  const msPerRound = (1000 * seconds) / rounds;
  const common = { system, recipe, link, msPerStep: msPerRound / stepsPerRound };
  if (reachedTargetAtSeconds !== null || reference === undefined) {
    return { ...common, rounds, reachedTargetAtSeconds, extrapolated: false, bytes, ledgerBytes };
  }
  const share = reference.rounds / rounds;
  return {
    ...common,
    rounds: reference.rounds,
    reachedTargetAtSeconds: (reference.rounds * msPerRound) / 1000,
    extrapolated: true,
    bytes: bytes * share,
    ledgerBytes: ledgerBytes === null ? null : ledgerBytes * share,
  };
}
