/**
 * What the founder of a live swarm tells whoever joins about the run: the job as options, and what a joiner compares its own
 * data and model with. It comes from the wire, so it is JSON of known fields, short, and judged by `checkJob` as a command
 * line would be.
 */
import { CorruptError } from "../base/errors.ts";
import type { Layout } from "../base/layout.ts";
import type { TrainTest } from "../ports/dataset.ts";
import { checkJob, type Job, type JobOptions, optionsOf } from "./job.ts";
import { sha256 } from "./params-hash.ts";

export interface About {
  /** Names the run: what was saved of another one does not continue it. */
  readonly run: string;
  readonly job: Job;
  /** Members that were there from the start go on from what they have saved. */
  readonly continued: boolean;
  /** One data set of which each peer takes a part, or data of its own at each peer. */
  readonly data: "shared" | "own";
  readonly dataChecksum: number;
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly parameters: number;
  /** SHA-256 of the names and shapes of the model's tensors. */
  readonly layout: string;
}

const FORMAT = 1;

/** Bytes of the whole, and characters of one option. */
const BYTES_MAX = 64 * 1024;
const OPTION_MAX = 2048;
const SHAPE_MAX = 8;

export const layoutHash = ({ tensors }: Layout): Promise<string> =>
  sha256(new TextEncoder().encode(JSON.stringify(tensors.map(({ name, shape }) => [name, shape]))));

/** What is compared of a data set. */
export const shapeOf = ({ train: { inputShape, classes } }: TrainTest): Pick<About, "inputShape" | "classes"> => ({
  inputShape,
  classes,
});

export function writeAbout({ job, ...rest }: About): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: FORMAT, ...rest, job: optionsOf(job) }));
}

/** @throws {CorruptError} for what is no such description {ConfigError} for a job that this version cannot run */
export function readAbout(bytes: Uint8Array): About {
  if (bytes.length > BYTES_MAX) throw malformed(`${bytes.length} bytes`);
  const told = objectOf(parsed(bytes));
  const { format, run, continued, data, dataChecksum, inputShape, classes, parameters, layout, job } = told;
  if (format !== FORMAT) throw malformed(`format ${String(format).slice(0, 20)}`);
  if (typeof run !== "string" || !/^[\w-]{1,64}$/.test(run)) throw malformed("no name of the run");
  if (typeof continued !== "boolean" || (data !== "shared" && data !== "own")) throw malformed("a field missing");
  if (!isCount(dataChecksum) || !isCount(classes) || !isCount(parameters)) throw malformed("no whole numbers");
  if (!Array.isArray(inputShape) || inputShape.length > SHAPE_MAX || !inputShape.every(isCount)) {
    throw malformed("no shape of the data's rows");
  }
  if (typeof layout !== "string" || !/^[0-9a-f]{64}$/.test(layout)) throw malformed("no layout of the model");
  return {
    run,
    job: checkJob(jobOptions(objectOf(job))),
    continued,
    data,
    dataChecksum,
    inputShape,
    classes,
    parameters,
    layout,
  };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw malformed("no JSON");
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed("no object");
  return { ...value };
}

/** Text by known names only; `checkJob` judges it. */
function jobOptions(told: Readonly<Record<string, unknown>>): JobOptions {
  const known: Readonly<Record<string, unknown>> = { ...optionsOf(checkJob({})), ...OPTIONAL };
  for (const [name, value] of Object.entries(told)) {
    if (!Object.hasOwn(known, name)) throw malformed(`the unknown option ${name.slice(0, 40)}`);
    if (typeof value !== "string" || value.length > OPTION_MAX) throw malformed(`no text for ${name}`);
  }
  return told;
}

const OPTIONAL: Readonly<Record<string, true>> = {
  compressor: true,
  down: true,
  optimizer: true,
  schedule: true,
  average: true,
  aggregator: true,
  byzantine: true,
  until: true,
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const malformed = (got: string): CorruptError =>
  new CorruptError("job of the swarm", {
    expected: "a job as this version of Thinwire describes it",
    got,
    hint: "Install the Thinwire that the swarm runs.",
  });
