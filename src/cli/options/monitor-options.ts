/**
 * The options by which a run is watched from outside.
 */
import { type Command, Option } from "commander";
import { ConfigError } from "../../base/errors.ts";
import { parseDuration, type Seconds } from "../../base/units.ts";
import { type MonitorAddress, parseAddress } from "../address.ts";

export interface MonitorOptions {
  readonly metrics?: string;
  readonly stallAfter?: string;
}

/** What `--help` and the schema of job files say of them. */
export const MONITOR_TEXTS = {
  metrics: "serve /metrics (Prometheus) and /healthz at HOST:PORT; a port alone is one of the loopback",
  stallAfter: "/healthz answers 503 once no round has ended for so long",
} as const;

export const STALL_AFTER = "5min";

export function addMonitorOptions(command: Command): void {
  const add = (flags: string, text: string) => command.addOption(new Option(flags, text).helpGroup("Watching:"));
  add("--metrics <address>", `${MONITOR_TEXTS.metrics} (default: none)`);
  add("--stall-after <time>", `${MONITOR_TEXTS.stallAfter} (default: ${STALL_AFTER})`);
}

export interface MonitorChoice {
  readonly address: MonitorAddress;
  readonly stallAfter: Seconds;
}

/** Undefined where nobody asked to watch. @throws {ConfigError} */
export function readMonitor({ metrics, stallAfter = STALL_AFTER }: MonitorOptions): MonitorChoice | undefined {
  const patience = parseDuration(stallAfter, "--stall-after");
  if (patience === 0) throw new ConfigError("--stall-after", { expected: "a time above 0", got: stallAfter });
  return metrics === undefined ? undefined : { address: parseAddress(metrics, "--metrics"), stallAfter: patience };
}
