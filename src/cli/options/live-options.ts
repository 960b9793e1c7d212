/**
 * The options of `serve` and `join` that say how this machine is reached, and where a live run's files go.
 */
import { isIP } from "node:net";
import { type Command, Option } from "commander";
import { ConfigError } from "../../base/errors.ts";
import { lookUp, parseNumber } from "../../base/spec.ts";
import { parseDuration } from "../../base/units.ts";
import type { NetworkChoice } from "../../runs/live-network.ts";
import { parseAddress } from "../address.ts";
import {
  addOutputOptions,
  CHECKPOINT_ROUNDS,
  type CheckpointChoice,
  KEEP_CHECKPOINTS,
  RUN_TEXTS,
  readKept,
} from "./run-options.ts";

export interface LiveOptions {
  readonly listen?: readonly string[];
  readonly announce?: readonly string[];
  readonly through?: readonly string[];
  readonly relay?: boolean;
  readonly lostAfter?: string;
  readonly minority?: string;
  readonly config?: string;
  readonly out?: string;
  readonly continue?: boolean;
  readonly checkpointEvery?: string;
  readonly keepCheckpoints?: string;
  readonly log?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
}

const LOST_AFTER = "10s";
const CHECKPOINT_EVERY = "1min";
const MINORITY = ["wait", "continue"] as const;

/** @param listen what `--help` says of the default of `--listen` @param through of `--through` */
export function addNetworkOptions(command: Command, listen: string, through: string): void {
  const add = (flags: string, text: string) => command.addOption(new Option(flags, text).helpGroup("Network:"));
  // Not variadic, or they would take a ticket that stands behind them.
  const addMany = (flags: string, text: string) =>
    command.addOption(new Option(flags, `${text}; may be repeated`).helpGroup("Network:").argParser(collected));
  addMany("--listen <address>", `where others reach this machine: IP:PORT or a multiaddr (default: ${listen})`);
  addMany("--announce <address>", "what to tell others in place of that: HOST:PORT (default: what is listened on)");
  addMany("--through <address>", `be reached through a member that is a relay: ${through} (default: none)`);
  add("--relay", "be a relay for members that cannot be reached (default: off)");
  add("--lost-after <time>", `a member that is silent for so long is lost (default: ${LOST_AFTER})`);
  add("--minority <what>", "fewer than half of the members: wait for the others, or continue (default: wait)");
}

const collected = (value: string, before: readonly string[] = []): string[] => [...before, value];

export function addLiveFileOptions(command: Command, name: string): void {
  const add = (flags: string, text: string) =>
    command.addOption(new Option(flags, text).helpGroup("Files and output:"));
  if (name === "serve") {
    add("--config <file>", "JSON file with job options, see thinwire config; the command line wins (default: none)");
  }
  add("--out <dir>", `folder for keys, checkpoints, logs and results (default: runs/${name}-<local time>)`);
  add("--continue", "go on with the run that --out holds, or begin it if there is none (default: off)");
  add("--checkpoint-every <n>", `rounds between checkpoints, or a time such as 30s (default: ${CHECKPOINT_EVERY})`);
  add("--keep-checkpoints <n>", `${RUN_TEXTS.keepCheckpoints} (default: ${KEEP_CHECKPOINTS})`);
  add("--log <format>", `${RUN_TEXTS.log} (default: text)`);
  addOutputOptions(command);
}

/** @param usual what is listened on if nobody says so @throws {ConfigError} */
export function readNetwork(options: LiveOptions, usual: string): NetworkChoice {
  const { listen = [usual], announce = [], through = [], relay = false } = options;
  const { lostAfter = LOST_AFTER, minority = "wait" } = options;
  const detection = parseDuration(lostAfter, "--lost-after");
  if (detection < 1) throw new ConfigError("--lost-after", { expected: "at least 1s", got: lostAfter });
  return {
    listen: listen.map((text) => multiaddr(text, "--listen", "0.0.0.0")),
    announce: announce.map((text) => multiaddr(text, "--announce", undefined)),
    through,
    relay,
    detection,
    minority: lookUp(new Map(MINORITY.map((one) => [one as string, one])), minority, "--minority", "one of"),
  };
}

/** `IP:PORT` as a multiaddr; one that is a multiaddr already stays. @param host of a port alone */
function multiaddr(text: string, where: string, host: string | undefined): string {
  if (text.startsWith("/")) return text;
  const address = parseAddress(/^\d+$/.test(text) && host !== undefined ? `${host}:${text}` : text, where);
  const family = isIP(address.host);
  if (family === 0 && where === "--listen") {
    throw new ConfigError(where, { expected: "an IP address and a port, such as 0.0.0.0:9000", got: text });
  }
  return `/${family === 0 ? "dns" : `ip${family}`}/${address.host}/tcp/${address.port}`;
}

export interface LiveCheckpoints extends CheckpointChoice {
  readonly checkpointSeconds: number;
}

/** Rounds or seconds between checkpoints. @throws {ConfigError} */
export function readLiveCheckpoints(options: LiveOptions): LiveCheckpoints {
  const { checkpointEvery = CHECKPOINT_EVERY } = options;
  const keepCheckpoints = readKept(options.keepCheckpoints);
  if (/^\d+$/.test(checkpointEvery.trim())) {
    const rounds = parseNumber(checkpointEvery, "--checkpoint-every", CHECKPOINT_ROUNDS);
    return { checkpointEvery: rounds, checkpointSeconds: 0, keepCheckpoints };
  }
  const checkpointSeconds = parseDuration(checkpointEvery, "--checkpoint-every");
  return { checkpointEvery: 0, checkpointSeconds, keepCheckpoints };
}
