/**
 * What is compared on shaped links: recipes of Thinwire, and PyTorch's DDP with its hooks.
 */
import type { Job } from "../../runs/job.ts";
import type { RunResult } from "../../runs/result.ts";
import { DDP_PROGRAM, type DdpTask, HOOKS } from "./ddp.ts";

export interface System {
  readonly system: "thinwire" | "ddp";
  readonly recipe: string;
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

/** Options of recipes, named as the rows name them. */
export const RECIPES: ReadonlyMap<string, readonly string[]> = new Map([
  ["all-reduce", ["--recipe", "all-reduce-sgd"]],
  ["all-reduce top-k:0.01", ["--recipe", "all-reduce-sgd:feedback=true", "--compressor", "top-k:0.01"]],
  ["double-squeeze top-k:0.01", ["--recipe", "double-squeeze", "--compressor", "top-k:0.01"]],
  ["stc:steps=16 stc:0.003", ["--recipe", "stc:steps=16", "--compressor", "stc:0.003"]],
]);

/** @param jobOptions what all recipes share, on the command line @param main how this program is started */
export function thinwire(name: string, jobOptions: readonly string[], main: readonly string[]): System {
  const recipe = RECIPES.get(name) ?? [];
  return {
    system: "thinwire",
    recipe: name,
    command: ({ folder }) => [...main, "train", ...recipe, ...jobOptions, "--json", "--log", "json", "--out", folder],
    begins: '"event":"progress"',
    read(line) {
      const { rounds, seconds, reachedTargetAtSeconds, bytesTotal } = JSON.parse(line) as RunResult; // its own --json
      return { rounds, seconds, reachedTargetAtSeconds, ledgerBytes: bytesTotal };
    },
  };
}

export const ddp = (task: Omit<DdpTask, "hook" | "secondsMax">, python: string): System[] =>
  HOOKS.map((hook) => ({
    system: "ddp",
    recipe: hook === "none" ? "no hook" : `${hook} hook`,
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
