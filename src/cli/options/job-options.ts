/**
 * The options that describe a job, as `--help` shows them and as `checkJob` reads them.
 */
import { type Command, Option } from "commander";
import { checkJob, JOB_DEFAULTS, type Job, type JobOptions, optionsOf } from "../../runs/job.ts";

/** The command line trains over thin wires unless told otherwise; the library charges for none unless asked. */
export const COMMAND_DEFAULTS: JobOptions = { ...JOB_DEFAULTS, link: "20mbit" };

export interface JobOption {
  readonly key: keyof JobOptions;
  readonly flags: string;
  readonly group: string;
  readonly text: string;
  /** Shown where the default is no fixed text. */
  readonly standard?: string;
}

const WHAT = "What is trained:";
const HOW = "How it is trained:";
const WIRES = "Wires and time:";

export const JOB_OPTIONS: readonly JobOption[] = [
  {
    key: "model",
    flags: "--model <spec>",
    group: WHAT,
    text: "model: mlp:128,64 (hidden widths), softmax; see list models",
  },
  {
    key: "data",
    flags: "--data <spec>",
    group: WHAT,
    text: "data: digits (bundled), idx:DIR, libsvm:FILE, csv:FILE; see list data",
  },
  {
    key: "partition",
    flags: "--partition <spec>",
    group: WHAT,
    text: "how the rows are shared among the peers: iid, dirichlet:0.3; see list partitioners",
  },
  {
    key: "recipe",
    flags: "--recipe <name>",
    group: HOW,
    text: "published method, such as ef21 or artemis:participation=0.5; see list recipes",
  },
  {
    key: "compressor",
    flags: "--compressor <spec>",
    group: HOW,
    text: "what workers send, such as top-k:0.01; see list compressors",
    standard: "the recipe's",
  },
  {
    key: "down",
    flags: "--down <spec>",
    group: HOW,
    text: "what the server sends",
    standard: "as --compressor where the recipe compresses both ways",
  },
  {
    key: "momentum",
    flags: "--momentum <m>",
    group: HOW,
    text: "factor from 0 to below 1, and its place: 0.9@worker (before compression) or 0.9@server",
    standard: "the recipe's, most often 0.9",
  },
  {
    key: "lr",
    flags: "--lr <rate>",
    group: HOW,
    text: "learning rate, above 0; theory or 64*theory where it is known",
  },
  {
    key: "schedule",
    flags: "--schedule <spec>",
    group: HOW,
    text: "how the learning rate changes: cosine, warmup:20+cosine; see list schedules",
    standard: "constant",
  },
  {
    key: "optimizer",
    flags: "--optimizer <spec>",
    group: HOW,
    text: "the step on what the exchange gives, such as adam or lamb; see list optimizers",
    standard: "the recipe's, most often sgd",
  },
  {
    key: "average",
    flags: "--average <spec>",
    group: HOW,
    text: "judge an average of the iterates: polyak, ema:0.999; see list averages",
    standard: "none",
  },
  {
    key: "aggregator",
    flags: "--aggregator <spec>",
    group: HOW,
    text: "what the server makes of the workers' vectors: median, krum:1; see list aggregators",
    standard: "the recipe's, most often mean",
  },
  {
    key: "byzantine",
    flags: "--byzantine <n:attack>",
    group: HOW,
    text: "so many workers lie: 1:sign-flip, 2:random:10, 1:little-is-enough",
    standard: "none",
  },
  {
    key: "local",
    flags: "--local <tensors>",
    group: HOW,
    text: "tensors that each peer trains by itself and never sends: norm (γ and β, as FedBN has it), a role, how names begin",
  },
  { key: "batch", flags: "--batch <rows>", group: HOW, text: "rows of each peer's mini-batch" },
  { key: "rounds", flags: "--rounds <n>", group: HOW, text: "rounds to train at most" },
  {
    key: "until",
    flags: "--until <target>",
    group: HOW,
    text: "stop once reached: accuracy=0.95 or loss=0.1, on the test rows",
    standard: "none",
  },
  { key: "evalEvery", flags: "--eval-every <n>", group: HOW, text: "rounds between evaluations, which cost no time" },
  { key: "seed", flags: "--seed <n>", group: HOW, text: "root of all randomness; equal seeds give equal bits" },
  {
    key: "engine",
    flags: "--engine <name>",
    group: HOW,
    text: "what computes gradients: auto, ort (ONNX Runtime) or jax (jax-js)",
  },
  { key: "peers", flags: "--peers <n>", group: WIRES, text: "peers that hold data and compute gradients" },
  {
    key: "server",
    flags: "--server <who>",
    group: WIRES,
    text: "who serves: peer (peer 0 does so too) or own (one more member, without data)",
  },
  {
    key: "link",
    flags: "--link <spec>",
    group: WIRES,
    text: "each peer's wire: 20mbit (both ways), 20mbit/30ms (one-way latency), 10mbit/50mbit/40ms (up/down/latency), none (no limit)",
  },
  {
    key: "compute",
    flags: "--compute <time>",
    group: WIRES,
    text: "virtual time of a local step, such as 5ms, or measured; virtual time only",
  },
];

export interface JobOptionsChoice {
  /** Options that this command decides by itself. */
  readonly without?: readonly (keyof JobOptions)[];
  readonly defaults?: JobOptions;
}

export function addJobOptions(
  command: Command,
  { without = [], defaults = COMMAND_DEFAULTS }: JobOptionsChoice = {},
): void {
  for (const { key, flags, group, text, standard } of JOB_OPTIONS) {
    if (without.includes(key)) continue;
    const shown = defaults[key] !== undefined && defaults[key] !== JOB_DEFAULTS[key as keyof typeof JOB_DEFAULTS];
    const value = shown || standard === undefined ? defaults[key] : standard;
    command.addOption(new Option(flags, `${text} (default: ${value})`).helpGroup(group));
  }
}

/**
 * The job that was asked for. Options of the command line win over those of a run that is continued, which win over the
 * command's defaults.
 * @throws {ConfigError}
 */
export function readJob(said: JobOptions, resumed: Job | undefined, defaults: JobOptions = COMMAND_DEFAULTS): Job {
  const known = Object.fromEntries(
    JOB_OPTIONS.flatMap(({ key }) => (said[key] === undefined ? [] : [[key, said[key]]])),
  );
  const faults = said.faults === undefined ? {} : { faults: said.faults };
  return checkJob({ ...(resumed === undefined ? defaults : optionsOf(resumed)), ...known, ...faults });
}

/** The command line that runs a job in virtual time, event by event as before. @param resume what it continues */
export function simulateCommandLine(job: Job, resume?: string): string {
  const said: Readonly<Record<string, string | undefined>> = { ...optionsOf(job) };
  const usual: Readonly<Record<string, string | undefined>> = { ...optionsOf(checkJob(COMMAND_DEFAULTS)) };
  const options = [...JOB_OPTIONS, { key: "faults", flags: "--faults <json>" }].flatMap(({ key, flags }) => {
    const value = said[key];
    return value === undefined || value === usual[key] ? [] : [flags.split(" ")[0], quoted(value)];
  });
  const continued = resume === undefined ? [] : ["--resume", quoted(resume)];
  return ["thinwire", "simulate", ...options, ...continued].join(" ");
}

/** For a POSIX shell. */
const quoted = (text: string): string => (/^[\w:=.,/@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
