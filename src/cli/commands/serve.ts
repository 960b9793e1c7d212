/**
 * `thinwire serve`: founds a live swarm and trains in it.
 */
import { Command, Option } from "commander";
import { lookUp, parseNumber } from "../../base/spec.ts";
import { parseDuration } from "../../base/units.ts";
import { JOB_DEFAULTS, type JobOptions } from "../../runs/job.ts";
import { isBundled } from "../../runs/live-data.ts";
import type { ServeChoice } from "../../runs/live-serve.ts";
import type { ExitCode } from "../exit-codes.ts";
import { type LiveShow, showLive } from "../live-show.ts";
import { namingFields, readConfig } from "../options/config-file.ts";
import { addJobOptions, readJob } from "../options/job-options.ts";
import {
  addLiveFileOptions,
  addNetworkOptions,
  type LiveOptions,
  readLiveCheckpoints,
  readNetwork,
} from "../options/live-options.ts";
import { addMonitorOptions, type MonitorOptions, readMonitor } from "../options/monitor-options.ts";
import { defaultFolder, readFolder, readLog } from "../options/run-options.ts";
import type { World } from "../world.ts";

interface ServeOptions extends JobOptions, LiveOptions, MonitorOptions {
  readonly role?: string;
  readonly waitFor?: string;
  readonly ownData?: boolean;
  readonly expires?: string;
}

const LISTEN = "0.0.0.0:9000";

export function serveCommand(world: World, end: (code: ExitCode) => void): Command {
  const command = new Command("serve")
    .summary("start a live swarm that others join")
    .description(
      "Founds a swarm over the network, prints a ticket that lets others join it, and trains with whoever is there. Members come and go as they like; Ctrl-C leaves, and the others go on.",
    );
  addJobOptions(command, { without: ["server", "link", "compute"], defaults: JOB_DEFAULTS });
  const add = (flags: string, text: string) => command.addOption(new Option(flags, text).helpGroup("Swarm:"));
  add("--role <role>", "train: serve and train; aggregate: serve only (default: train)");
  add("--wait-for <n>", "members that the first round waits for, this one included (default: 1)");
  add("--own-data", "each peer brings its own data; so it is where --data is not bundled (default: off)");
  add("--expires <time>", "how long the printed ticket holds (default: 7d)");
  addNetworkOptions(command, LISTEN, "a multiaddr");
  addLiveFileOptions(command, "serve");
  addMonitorOptions(command);
  command.addHelpText("after", `\n${EXAMPLES}`);
  return command.action(async (options: ServeOptions) => {
    const { show, begin } = await readServe(world, options);
    end(await showLive(world, show, begin));
  });
}

const EXAMPLES = `\
Examples:
  thinwire serve
  thinwire serve --recipe ef21 --wait-for 3 --until accuracy=0.95
  thinwire serve --data csv:mine.csv --announce home.example.org:9000
  thinwire serve --out runs/swarm --continue`;

/** @throws {ConfigError | CheckpointError} */
async function readServe(world: World, typed: ServeOptions) {
  const config = await readConfig(world, typed.config);
  const options: ServeOptions = { ...config?.options, ...typed };
  return namingFields(config, typed, async () => {
    const out = readFolder(options.out, "--out") ?? defaultFolder("serve", world.today());
    const resume = options.continue === true && (await world.engines.holdsRun(out)) ? out : undefined;
    const resumed = resume === undefined ? undefined : await world.engines.jobOf(resume);
    const role = lookUp(ROLES, options.role ?? (resumed?.server === "own" ? "aggregate" : "train"), "--role", "a role");
    const { faults: _, link: __, compute: ___, ...said } = options;
    const job = readJob(
      { ...said, server: role === "aggregate" ? "own" : "peer", link: "none" },
      resumed,
      JOB_DEFAULTS,
    );
    const choice: ServeChoice = {
      network: readNetwork(options, LISTEN),
      members: parseNumber(options.waitFor ?? "1", "--wait-for", { integer: true, min: 1, max: 1024 }),
      ownData: options.ownData === true || !isBundled(job.data),
      ticketLasts: parseDuration(options.expires ?? "7d", "--expires"),
      folder: out,
    };
    const show: LiveShow = {
      out,
      resume,
      checkpoints: readLiveCheckpoints(options),
      monitor: readMonitor(options),
      log: readLog({ log: options.log ?? "text" }),
      json: options.json === true,
      quiet: options.quiet === true,
      debug: options.debug === true,
    };
    const begin: Parameters<typeof showLive>[2] = async (controls) => ({
      job,
      run: () => world.engines.serve(job, choice, controls),
    });
    return { show, begin };
  });
}

const ROLES: ReadonlyMap<string, "train" | "aggregate"> = new Map([
  ["train", "train"],
  ["aggregate", "aggregate"],
]);
