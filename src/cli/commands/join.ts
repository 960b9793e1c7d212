/**
 * `thinwire join`: takes part in a live swarm.
 */
import { Command, Option } from "commander";
import { lookUp } from "../../base/spec.ts";
import type { JobOptions } from "../../runs/job.ts";
import type { JoinChoice } from "../../runs/live-join.ts";
import type { ExitCode } from "../exit-codes.ts";
import { type LiveShow, showLive } from "../live-show.ts";
import { JOB_OPTIONS } from "../options/job-options.ts";
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

interface JoinOptions extends JobOptions, LiveOptions, MonitorOptions {
  readonly role?: string;
}

const LISTEN = "0.0.0.0:0";
const OWN = new Set(["data", "engine"]);
const LEFT_OUT = new Set(["server", "link", "compute"]);

export function joinCommand(world: World, end: (code: ExitCode) => void): Command {
  const command = new Command("join")
    .summary("join a live swarm with a ticket")
    .description(
      "Joins a swarm that somebody serves, is told what it trains, and trains with it: on its part of data that come with Thinwire, or on data of its own. Cut off from the others it comes back by itself; Ctrl-C leaves, and the others go on.",
    )
    .argument("<ticket>", "the line that begins with thinwire1, as thinwire serve or thinwire ticket issue print it");
  for (const { key, flags, text } of JOB_OPTIONS) {
    if (LEFT_OUT.has(key)) continue;
    const own = OWN.has(key);
    const option = new Option(flags, own ? `${text} (default: ${OWN_DEFAULT[key]})` : `${text} (default: the swarm's)`);
    command.addOption(option.helpGroup(own ? "This peer:" : "Refuse to join unless the swarm has it so:"));
  }
  const add = (flags: string, text: string) => command.addOption(new Option(flags, text).helpGroup("This peer:"));
  add("--role <role>", "train, or observe: follow the training without taking part (default: train)");
  addNetworkOptions(command, `${LISTEN}, any free port`, "a multiaddr, or ticket for those of the ticket");
  addLiveFileOptions(command, "join");
  addMonitorOptions(command);
  command.addHelpText("after", `\n${EXAMPLES}`);
  return command.action(async (ticket: string, options: JoinOptions) => {
    end(await join(world, ticket, options));
  });
}

const OWN_DEFAULT: Readonly<Record<string, string>> = { data: "the swarm's, where they are bundled", engine: "auto" };

const EXAMPLES = `\
Examples:
  thinwire join thinwire1AQIDBAUG...
  thinwire join "$(cat ticket)" --data csv:mine.csv --out runs/mine --continue
  thinwire join "$(cat ticket)" --through ticket`;

/** @throws {ThinwireError} */
async function join(world: World, line: string, options: JoinOptions): Promise<ExitCode> {
  const out = readFolder(options.out, "--out") ?? defaultFolder("join", world.today());
  const resume = options.continue === true && (await world.engines.holdsRun(out)) ? out : undefined;
  const through = options.through ?? [];
  const { addresses } = through.includes("ticket") ? await world.engines.tickets.read(line) : { addresses: [] };
  const choice: JoinChoice = {
    network: readNetwork(
      { ...options, through: through.flatMap((one) => (one === "ticket" ? addresses : [one])) },
      LISTEN,
    ),
    role: lookUp(ROLES, options.role ?? "train", "--role", "a role"),
    options: saidOf(options),
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
  return showLive(world, show, (controls) => world.engines.join(line, choice, controls));
}

const saidOf = (options: JoinOptions): JobOptions =>
  Object.fromEntries(
    JOB_OPTIONS.flatMap(({ key }) =>
      options[key] === undefined || LEFT_OUT.has(key) ? [] : [[key, options[key]] as const],
    ),
  );

const ROLES: ReadonlyMap<string, "train" | "observe"> = new Map([
  ["train", "train"],
  ["observe", "observe"],
]);
