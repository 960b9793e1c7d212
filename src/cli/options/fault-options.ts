/**
 * The options of a world that is not ideal, all of which end up in the job's faults: those in everyday use, and a file
 * for all there are.
 */
import { type Command, Option } from "commander";
import { ConfigError } from "../../base/errors.ts";
import { parseNumber } from "../../base/spec.ts";
import type { Job } from "../../runs/job.ts";
import { type Faults, parseFaults } from "../../simulation/faults.ts";
import type { World } from "../world.ts";

export interface FaultOptions {
  readonly faults?: string;
  readonly loss?: string;
  readonly jitter?: string;
  readonly computeSpread?: string;
  readonly stragglers?: string;
  readonly churn?: string;
  readonly trace?: string;
}

const FAULTS = "Faults, drawn from the seed:";

export function addFaultOptions(command: Command): void {
  const add = (flags: string, text: string) => command.addOption(new Option(flags, text).helpGroup(FAULTS));
  add("--loss <p>", "probability that a message is lost and sent again (default: 0)");
  add("--jitter <law>", "how latencies vary: lognormal:0.3, exponential, pareto:2.5 (default: constant)");
  add("--compute-spread <law>", "how the time of a step varies: shifted-exponential:0.4, ... (default: constant)");
  add("--stragglers <share:times>", "this share of the peers is so much slower: 0.1:5x (default: none)");
  add("--churn <online/offline>", "mean times for which peers stay and are gone: 1h/5min (default: none)");
  add(
    "--faults <file>",
    "JSON file, or JSON: groups, links, latencies, partitions, crashes, corrupt and late mail (default: none)",
  );
  add("--trace <file>", "what happened when, for ui.perfetto.dev (default: none)");
}

/** The faults that were asked for, as JSON; undefined where nothing was said. @throws {ConfigError} */
export async function readFaults(
  world: Pick<World, "readFile">,
  said: FaultOptions,
  resumed: Job | undefined,
): Promise<string | undefined> {
  const own = optionFaults(said);
  if (said.faults === undefined && Object.keys(own).length === 0) return undefined;
  const base =
    said.faults === undefined ? (resumed?.faults ?? {}) : parseFaults(await textOf(world, said.faults), "--faults");
  return JSON.stringify({ ...base, ...own });
}

/** Each option is checked by itself, so that an error names it. */
function optionFaults({ loss, jitter, computeSpread, stragglers, churn }: FaultOptions): Faults {
  const check = (option: string, faults: Faults): Faults => {
    parseFaults(JSON.stringify(faults), option);
    return faults;
  };
  return {
    ...(loss !== undefined && { loss: parseNumber(loss, "--loss", { min: 0, below: 1 }) }),
    ...(jitter !== undefined && check("--jitter", { jitter })),
    ...(computeSpread !== undefined && check("--compute-spread", { compute: computeSpread })),
    ...(stragglers !== undefined && check("--stragglers", { stragglers })),
    ...(churn !== undefined && check("--churn", { churn: parseChurn(churn) })),
  };
}

/** `1h/5min` */
function parseChurn(text: string): NonNullable<Faults["churn"]> {
  const [online, offline, ...rest] = text.split("/");
  if (online !== undefined && offline !== undefined && rest.length === 0) return { online, offline };
  throw new ConfigError("--churn", { expected: "ONLINE/OFFLINE, such as 1h/5min", got: text });
}

async function textOf(world: Pick<World, "readFile">, faults: string): Promise<string> {
  if (faults.trimStart().startsWith("{")) return faults;
  const text = await world.readFile(faults);
  if (text === undefined) throw new ConfigError("--faults", { expected: "a file that can be read", got: faults });
  return text;
}
