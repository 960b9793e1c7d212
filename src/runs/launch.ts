/**
 * What a launcher tells the processes that it starts: each one's rank, how many there are, and where rank 0 is. It is read
 * from the environment variables of torchrun, Open MPI, MPICH and Intel MPI (PMI), Slurm and indexed Kubernetes Jobs, so that
 * `mpirun -n 4` or `srun` can start a swarm: rank 0 founds it at the coordinator's address, the others join there.
 */
import { isIPv6 } from "node:net";
import { ConfigError } from "../base/errors.ts";
import { parseNumber } from "../base/spec.ts";
import { expandNodeList } from "./node-list.ts";

export interface Launch {
  readonly source: "torchrun" | "Open MPI" | "PMI" | "Slurm" | "Kubernetes";
  /** 0 to size − 1 */
  readonly rank: number;
  readonly size: number;
  /** Among the processes of this machine; undefined where nobody says so. */
  readonly localRank: number | undefined;
  /** Where rank 0 is reached. */
  readonly coordinator: Coordinator;
}

export interface Coordinator {
  /** A name, or an IPv4 or IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

type Env = Readonly<Record<string, string | undefined>>;

interface Launcher {
  readonly source: Launch["source"];
  /** Names of variables; of sizes the first that is set counts. */
  readonly rank: string;
  readonly sizes: readonly [string, ...string[]];
  readonly localRank?: string;
  /** How many of the processes run on this machine. */
  readonly localSize?: string;
  /** Whether the variables mean a process of many; where it is left out, a rank does. */
  readonly meant?: (env: Env) => boolean;
}

/**
 * By precedence: what a user exports by hand or torchrun sets comes first, and MPI's ranks before those of a batch system
 * whose job runs `mpirun`.
 */
const LAUNCHERS: readonly Launcher[] = [
  {
    source: "torchrun",
    rank: "RANK",
    sizes: ["WORLD_SIZE"],
    localRank: "LOCAL_RANK",
    localSize: "LOCAL_WORLD_SIZE",
  },
  {
    source: "Open MPI",
    rank: "OMPI_COMM_WORLD_RANK",
    sizes: ["OMPI_COMM_WORLD_SIZE"],
    localRank: "OMPI_COMM_WORLD_LOCAL_RANK",
    localSize: "OMPI_COMM_WORLD_LOCAL_SIZE",
  },
  {
    source: "PMI",
    rank: "PMI_RANK",
    sizes: ["PMI_SIZE"],
    localRank: "MPI_LOCALRANKID",
    localSize: "MPI_LOCALNRANKS",
  },
  {
    source: "Slurm",
    rank: "SLURM_PROCID",
    sizes: ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"],
    localRank: "SLURM_LOCALID",
    // A batch script has a rank of 0 as well, but it runs once and `srun` starts the tasks.
    meant: (env) => said(env, "SLURM_STEP_ID") !== undefined || said(env, "ENVIRONMENT") !== "BATCH",
  },
  {
    source: "Kubernetes",
    rank: "JOB_COMPLETION_INDEX",
    sizes: ["WORLD_SIZE"],
    // An indexed Job may as well be many runs that know nothing of each other.
    meant: (env) => [said(env, "WORLD_SIZE"), said(env, "THINWIRE_SERVICE")].some((value) => value !== undefined),
  },
];

const SIZE_MAX = 65_535;
const PORT = 29_500;
/** Jobs of Slurm that share a node get ports of their own, from the last digits of their ids. */
const SLURM_PORT = 15_000;

/**
 * How this process was launched; undefined where it was started alone. Empty variables count as unset.
 * @throws {ConfigError} naming the variable that is missing, malformed or does not fit the others
 */
export function launchFrom(env: Env): Launch | undefined {
  const launcher = LAUNCHERS.find(({ rank, meant }) => said(env, rank) !== undefined && (meant?.(env) ?? true));
  if (launcher === undefined) {
    const size = said(env, "WORLD_SIZE");
    if (size === undefined) return undefined;
    throw new ConfigError("RANK", { expected: `the rank of this process, since WORLD_SIZE is ${size}` });
  }
  const { source } = launcher;
  const size = sizeOf(env, launcher);
  const rank = count(env, launcher.rank, 0, size - 1);
  const localRank = launcher.localRank === undefined ? undefined : optionalCount(env, launcher.localRank, size - 1);
  const host = hostOf(env, launcher, rank, size);
  return { source, rank, size, localRank, coordinator: { host, port: portOf(env) } };
}

/** Of other processes that are asked whether they go on. */
const PLACES_MAX = 8;

/**
 * Where processes are reached beside rank 0, by rank. Kubernetes alone says so beforehand: its pods have names, which a new pod
 * takes over.
 */
export function placesOf({
  source,
  rank,
  size,
  coordinator: { host, port },
}: Launch): ReadonlyMap<number, Coordinator> {
  const first = source === "Kubernetes" ? /^(?<job>.+-)0(?<domain>\..+)?$/.exec(host)?.groups : undefined;
  if (first === undefined) return new Map();
  const others = Array.from({ length: size }, (_, other) => other).filter((other) => other !== 0 && other !== rank);
  return new Map(
    others.slice(0, PLACES_MAX).map((other) => [other, { host: `${first.job}${other}${first.domain ?? ""}`, port }]),
  );
}

function sizeOf(env: Env, { rank, sizes }: Launcher): number {
  const name = sizes.find((size) => said(env, size) !== undefined) ?? sizes[0];
  if (said(env, name) !== undefined) return count(env, name, 1, SIZE_MAX);
  throw new ConfigError(name, { expected: `the number of processes, since ${rank} is ${said(env, rank)}` });
}

/** MASTER_ADDR; else this machine if all run here; else what the batch system knows. */
function hostOf(env: Env, { source, localSize }: Launcher, rank: number, size: number): string {
  const named = said(env, "MASTER_ADDR");
  if (named !== undefined) return checkHost(named, "MASTER_ADDR");
  const here = localSize === undefined ? undefined : optionalCount(env, localSize, size);
  if (size === 1 || here === size) return "127.0.0.1";
  const host = source === "Kubernetes" ? podHost(env, rank) : slurmHost(env);
  if (host !== undefined) return host;
  throw new ConfigError("MASTER_ADDR", {
    expected: "the address of the machine where rank 0 runs",
    hint: `${source} does not tell it: export it to every process, as in mpirun -x MASTER_ADDR=node01.`,
  });
}

/** Task 0 runs on the first node. */
function slurmHost(env: Env): string | undefined {
  const names = ["SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"];
  const name = names.find((one) => said(env, one) !== undefined);
  if (name === undefined) return undefined;
  return checkHost(expandNodeList(said(env, name) ?? "", name)[0] ?? "", name);
}

/** Pods of an indexed Job are called JOB-INDEX, and a headless Service makes that a name for the others. */
function podHost(env: Env, rank: number): string | undefined {
  const service = said(env, "THINWIRE_SERVICE");
  if (service === undefined) return undefined;
  const pod = said(env, "HOSTNAME") ?? "";
  if (!pod.endsWith(`-${rank}`)) {
    throw new ConfigError("HOSTNAME", { expected: `the name of a pod that ends with -${rank}, its index`, got: pod });
  }
  return checkHost(`${pod.slice(0, -String(rank).length)}0.${service}`, "THINWIRE_SERVICE");
}

function portOf(env: Env): number {
  if (said(env, "MASTER_PORT") !== undefined) return count(env, "MASTER_PORT", 1, 65_535);
  const job = said(env, "SLURM_JOB_ID");
  return job === undefined ? PORT : SLURM_PORT + (count(env, "SLURM_JOB_ID", 0, Number.MAX_SAFE_INTEGER) % 10_000);
}

const said = (env: Env, name: string): string | undefined => env[name]?.trim() || undefined;

const count = (env: Env, name: string, min: number, max: number): number =>
  parseNumber(said(env, name) ?? "", name, { integer: true, min, max });

const optionalCount = (env: Env, name: string, max: number): number | undefined =>
  said(env, name) === undefined ? undefined : count(env, name, 0, max);

/** @throws {ConfigError} */
function checkHost(host: string, where: string): string {
  const name = /^[\w-]+(\.[\w-]+)*\.?$/;
  if (host.length <= 253 && (name.test(host) || isIPv6(host))) return host;
  throw new ConfigError(where, { expected: "a host name or an address, without port or brackets", got: host });
}
