/**
 * The options that say where a run's files go and what is printed.
 */
import { join } from "node:path";
import { type Command, Option } from "commander";
import { ConfigError } from "../../base/errors.ts";
import { lookUp, parseNumber } from "../../base/spec.ts";
import { LOG_FORMATS, type LogFormat } from "../screen/open-screen.ts";

export interface RunOptions {
  readonly config?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly continue?: boolean;
  readonly log?: string;
  readonly checkpointEvery?: string;
  readonly keepCheckpoints?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const FILES = "Files and output:";

/** What `--help` and the schema of job files say of them. */
export const RUN_TEXTS = {
  out: "folder for checkpoints, logs and results",
  checkpointEvery: "rounds between checkpoints; one is always written at the end",
  keepCheckpoints: "how many of the newest checkpoints to keep",
  log: "progress as text, or as JSON lines on stderr: text, json",
} as const;

/** @param outDefault what `--help` says about the default of `--out` @param resumes the command can continue a run */
export function addRunOptions(command: Command, outDefault: string, resumes: boolean): void {
  const add = (flags: string, text: string) => command.addOption(new Option(flags, text).helpGroup(FILES));
  add("--config <file>", "JSON file with these options, see thinwire config; the command line wins (default: none)");
  add("--out <dir>", `${RUN_TEXTS.out} (default: ${outDefault})`);
  if (resumes) {
    add("--resume <dir>", "run folder or checkpoint to continue, with its options (default: none)");
    add("--continue", "go on with the run that --out holds, or begin it if there is none (default: off)");
  }
  add("--checkpoint-every <n>", `${RUN_TEXTS.checkpointEvery} (default: 0, the end only)`);
  add("--keep-checkpoints <n>", `${RUN_TEXTS.keepCheckpoints} (default: ${KEEP_CHECKPOINTS})`);
  add("--log <format>", `${RUN_TEXTS.log} (default: text)`);
  addOutputOptions(command);
}

/** `--json` and, where there is progress to silence, `--quiet`. */
export function addOutputOptions(command: Command): void {
  const add = (flags: string, text: string) => command.addOption(new Option(flags, text).helpGroup(FILES));
  add("--json", "print one JSON object as the last line; progress goes to stderr (default: off)");
  add("--quiet", "no progress (default: off)");
}

/** Of `--checkpoint-every`. */
export const CHECKPOINT_ROUNDS = { integer: true, min: 0, max: 2_147_483_648 } as const;

/** Of `--keep-checkpoints`. */
export const KEPT_CHECKPOINTS = { integer: true, min: 1, max: 1_000_000 } as const;
export const KEEP_CHECKPOINTS = "2";

export interface CheckpointChoice {
  /** Rounds. */
  readonly checkpointEvery: number;
  readonly keepCheckpoints: number;
}

/** @throws {ConfigError} */
export const readCheckpoints = ({ checkpointEvery = "0", keepCheckpoints }: RunOptions): CheckpointChoice => ({
  checkpointEvery: parseNumber(checkpointEvery, "--checkpoint-every", CHECKPOINT_ROUNDS),
  keepCheckpoints: readKept(keepCheckpoints),
});

/** @throws {ConfigError} */
export const readKept = (keepCheckpoints: string = KEEP_CHECKPOINTS): number =>
  parseNumber(keepCheckpoints, "--keep-checkpoints", KEPT_CHECKPOINTS);

/** @throws {ConfigError} */
export function readLog({ log = "text" }: RunOptions): LogFormat {
  return lookUp(new Map(LOG_FORMATS.map((format) => [format as string, format])), log, "--log", "one of");
}

/** A folder named by the user. @throws {ConfigError} if the name is empty */
export function readFolder(folder: string | undefined, where: string): string | undefined {
  if (folder?.trim() === "") throw new ConfigError(where, { expected: "the path of a folder", got: folder });
  return folder;
}

/** `runs/train-2026-03-09T14-05-33` */
export function defaultFolder(command: string, now: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return join("runs", `${command}-${date}T${two(now.getHours())}-${two(now.getMinutes())}-${two(now.getSeconds())}`);
}
