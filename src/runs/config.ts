/**
 * Job files: the options of the command line as JSON, under the same names.
 *
 *     { "recipe": "ef21", "compressor": "top-k:0.01", "peers": 8, "lr": 0.05, "link": "20mbit/30ms", "out": "runs/a" }
 *
 * Here the file's form is checked: its size, the names of its fields and their types. What the values mean is checked where
 * the command line is, by `checkJob`. The `job.json` of a run is such a file as well.
 */
import { ConfigError } from "../base/errors.ts";
import { suggestion } from "../base/spec.ts";
import { checkJob, type Job, type JobOptions, optionsOf } from "./job.ts";

/** What a job file may say, as the command line would. */
export interface ConfigOptions extends JobOptions {
  readonly out?: string;
  readonly checkpointEvery?: string;
  readonly keepCheckpoints?: string;
  /** Where metrics are served. */
  readonly metrics?: string;
  readonly stallAfter?: string;
  readonly log?: string;
}

/** Of a field's value in JSON. An amount is a number, or text where no number will do. */
export type ConfigType = "text" | "whole number" | "amount" | "object";

export const CONFIG_FIELDS: Readonly<Record<keyof ConfigOptions, ConfigType>> = {
  model: "text",
  data: "text",
  partition: "text",
  recipe: "text",
  compressor: "text",
  down: "text",
  momentum: "amount",
  lr: "amount",
  schedule: "text",
  optimizer: "text",
  average: "text",
  aggregator: "text",
  byzantine: "text",
  local: "text",
  batch: "whole number",
  rounds: "whole number",
  until: "text",
  evalEvery: "whole number",
  seed: "whole number",
  engine: "text",
  peers: "whole number",
  server: "text",
  link: "text",
  compute: "text",
  faults: "object",
  out: "text",
  checkpointEvery: "whole number",
  keepCheckpoints: "whole number",
  metrics: "text",
  stallAfter: "text",
  log: "text",
};

/** Characters of a file. */
const SIZE_MAX = 1 << 20;

const typeOf = (name: string): ConfigType | undefined =>
  Object.hasOwn(CONFIG_FIELDS, name) ? CONFIG_FIELDS[name as keyof ConfigOptions] : undefined;

/** @param where names the file in errors @throws {ConfigError} naming the field */
export function parseConfig(json: string, where: string): ConfigOptions {
  const file = objectOf(json, where);
  if ("learningRate" in file && "rateUnit" in file) return savedJob(file, where);
  const options: [string, string][] = [];
  for (const [name, value] of Object.entries(file)) {
    if (name === "$schema") continue;
    const type = typeOf(name);
    if (type === undefined) {
      const names = Object.keys(CONFIG_FIELDS);
      throw new ConfigError(`${where}: ${name.slice(0, 80)}`, {
        expected: `a field that is an option: ${names.join(", ")}`,
        ...suggestion(name, names),
      });
    }
    options.push([name, textOf(value, type, `${where}: ${name}`)]);
  }
  return Object.fromEntries(options);
}

/** The job file that says the same: `parseConfig(JSON.stringify(formatConfig(options)))` equals `options`. */
export function formatConfig(options: ConfigOptions): Record<string, unknown> {
  const said: Readonly<Record<string, string | undefined>> = { ...options };
  return Object.fromEntries(
    Object.keys(CONFIG_FIELDS).flatMap((name) => {
      const text = said[name];
      return text === undefined ? [] : [[name, jsonOf(text, typeOf(name))]];
    }),
  );
}

function objectOf(json: string, where: string): object {
  if (json.length > SIZE_MAX) {
    throw new ConfigError(where, { expected: `at most ${SIZE_MAX} characters`, got: json.length });
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new ConfigError(where, { expected: "JSON", got: json, hint: String(cause), cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new ConfigError(where, { expected: 'an object such as {"peers": 8}', got: JSON.stringify(value) });
}

function textOf(value: unknown, type: ConfigType, where: string): string {
  if (type === "object" && typeof value === "object" && value !== null) return JSON.stringify(value);
  if (type === "whole number" && Number.isSafeInteger(value)) return String(value);
  if (type === "amount" && typeof value === "number") return String(value);
  if ((type === "text" || type === "amount") && typeof value === "string") return value;
  const expected = { text: "text", amount: "a number, or text", object: "an object", "whole number": "a whole number" };
  throw new ConfigError(where, { expected: expected[type], got: JSON.stringify(value) });
}

/** The inverse of `textOf`. Text of which a number would be another text stays text. */
function jsonOf(text: string, type: ConfigType | undefined): unknown {
  if (type === "object") return JSON.parse(text);
  const asNumber = type === "whole number" || (type === "amount" && JSON.stringify(Number(text)) === text);
  return asNumber ? Number(text) : text;
}

/** The `job.json` that a run has written. */
function savedJob(file: object, where: string): ConfigOptions {
  try {
    return optionsOf(checkJob(optionsOf(file as Job))); // whatever a stranger put there, `checkJob` refuses
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(where, { expected: "the job.json of a run that this version knows", hint: why, cause });
  }
}
