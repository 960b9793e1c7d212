/**
 * What is compared on shaped links: recipes of Thinwire, and PyTorch's DDP with its hooks.
 */
import { ConfigError } from "../../base/errors.ts";
import { checkJob, type Job } from "../../runs/job.ts";
import type { RunResult } from "../../runs/result.ts";
import { DDP_PROGRAM, type DdpTask, HOOKS } from "./ddp.ts";

export interface System {
  readonly system: "thinwire" | "ddp";
  readonly recipe: string;
  readonly stepsPerRound: number;
  command(limits: Limits): readonly string[];
  /** What rank 0 says on stderr when it begins, unless it keeps the limit of time itself. */
  readonly begins?: string;
  /** Of rank 0's last line. */
  read(line: string): Measured;
}

export interface Limits {
  readonly secondsMax: number;
  /** Empty; of rank 0's files. */
  readonly folder: string;
}

export interface Measured {
  readonly rounds: number;
  readonly seconds: number;
  readonly reachedTargetAtSeconds: number | null;
  /** What the ledger says that all sent. */
  readonly ledgerBytes: number | null;
}

/** Steps between two evaluations of every system, or as near to it as whole rounds come. */
export const EVAL_STEPS = 10;

/**
 * @param name a recipe, and after a space its compressor, such as `double-squeeze top-k:0.01`
 * @param jobOptions what all recipes share, on the command line
 * @param main how this program is started
 * @throws {ConfigError} if the name is none
 */
export function thinwire(name: string, jobOptions: readonly string[], main: readonly string[]): System {
  const [recipe = "", compressor, ...more] = name.split(" ");
  if (more.length > 0) {
    throw new ConfigError("--recipes", { expected: "a recipe, and after one space its compressor", got: name });
  }
  const use = { recipe, ...(compressor !== undefined && { compressor }) };
  checkJob(use);
  const options = [
    ...Object.entries(use).flatMap(([option, value]) => [`--${option}`, value]),
    ...["--eval-every", `${Math.max(1, Math.round(EVAL_STEPS / stepsOf(recipe)))}`],
    ...jobOptions,
  ];
  return {
    system: "thinwire",
    recipe: name,
    stepsPerRound: stepsOf(recipe),
    command: ({ folder }) => [...main, "train", ...options, "--json", "--log", "json", "--out", folder],
    begins: '"event":"progress"',
    read(line) {
      const { rounds, seconds, reachedTargetAtSeconds, bytesTotal } = JSON.parse(line) as RunResult; // its own --json
      return { rounds, seconds, reachedTargetAtSeconds, ledgerBytes: bytesTotal };
    },
  };
}

/** Mini-batches of a worker in a round; recipes that have another number by default are to be named with it. */
const stepsOf = (recipe: string): number => Number(/[:,]steps=(\d+)/.exec(recipe)?.[1] ?? 1);

export const ddp = (task: Omit<DdpTask, "hook" | "secondsMax">, python: string): System[] =>
  HOOKS.map((hook) => ({
    system: "ddp",
    recipe: hook === "none" ? "no hook" : `${hook} hook`,
    stepsPerRound: 1,
    command: ({ secondsMax }) => [python, "-c", DDP_PROGRAM, JSON.stringify({ ...task, hook, secondsMax })],
    read(line) {
      const { rounds, seconds, reachedTargetAtSeconds } = JSON.parse(line) as Measured; // DDP_PROGRAM prints it
      return { rounds, seconds, reachedTargetAtSeconds, ledgerBytes: null };
    },
  }));

/** The widths of `mlp:512,128`; undefined for another model. */
export function hiddenOf({ model }: Pick<Job, "model">): readonly number[] | undefined {
  const widths = /^mlp:(\d+(?:,\d+)*)$/.exec(model)?.[1];
  return widths?.split(",").map(Number);
}
