/**
 * `train` as one of the processes that a launcher has started: what that changes of its options.
 */
import { join } from "node:path";
import { ConfigError } from "../base/errors.ts";
import { checkJob, type Job, optionsOf } from "../runs/job.ts";
import { type Launch, launchFrom } from "../runs/launch.ts";
import type { Launching } from "../runs/live-launch.ts";
import type { RunRequest } from "./options/run-request.ts";
import type { World } from "./world.ts";

/** Undefined where this process was started alone. @throws {ConfigError} */
export async function launchingFrom(env: World["env"]): Promise<Launching | undefined> {
  const launch = launchFrom(env);
  if (launch === undefined || launch.size === 1) return undefined;
  const { wordOf } = await import("../runs/live-word.ts"); // needs the cryptography of swarms, which takes long to load
  return { launch, word: wordOf(env, launch) };
}

/** Rank 0 shows and writes what any run does; the others write what they need to go on, where they are told to, and are quiet. */
export async function launchedRequest(world: World, request: RunRequest, { launch }: Launching): Promise<RunRequest> {
  const job = launchedJob(request, peersOf(launch, request.job.server, saidPeers(request)));
  if (launch.rank === 0) return { ...request, job };
  const { options, resume } = request;
  const own = (folder: string) => join(folder, `rank-${launch.rank}`);
  const resumed = resume === undefined || !(await world.engines.holdsRun(own(resume))) ? undefined : own(resume);
  const out = options.out === undefined ? undefined : own(options.out);
  // Pods have addresses of their own; of processes on one machine one alone can be watched at an address.
  const monitor = launch.source === "Kubernetes" ? request.monitor : undefined;
  return { ...request, job, out, resume: resumed, monitor, json: false, quiet: true };
}

/** How many workers so many processes are. @throws {ConfigError} if the job says otherwise */
function peersOf({ size }: Launch, server: Job["server"], said: string | undefined): number {
  const peers = server === "own" ? size - 1 : size;
  if (said === undefined || Number(said) === peers) return peers;
  throw new ConfigError("--peers", { expected: `${peers}, for ${size} processes were started`, got: said });
}

/** As many peers as processes, whose wires are real. */
const launchedJob = ({ job }: RunRequest, peers: number): Job =>
  checkJob({ ...optionsOf(job), peers: String(peers), link: "none" });

const saidPeers = ({ options, resume, job }: RunRequest): string | undefined =>
  options.peers ?? (resume === undefined ? undefined : String(job.peers));
