/**
 * The schema of job files, for editors and for whoever checks them elsewhere. It says of names, types and ranges what
 * `parseConfig` and `checkJob` check; specs such as `top-k:0.01` are text to it.
 */
import { CHOICES, COUNTS } from "../../runs/bounds.ts";
import { CONFIG_FIELDS, type ConfigOptions, formatConfig } from "../../runs/config.ts";
import { LOG_FORMATS } from "../screen/open-screen.ts";
import { COMMAND_DEFAULTS, JOB_OPTIONS } from "./job-options.ts";
import { MONITOR_TEXTS, STALL_AFTER } from "./monitor-options.ts";
import { CHECKPOINT_ROUNDS, KEEP_CHECKPOINTS, KEPT_CHECKPOINTS, RUN_TEXTS } from "./run-options.ts";

/** What each field is when nobody says so, where that is a fixed value. */
const DEFAULTS: ConfigOptions = {
  ...COMMAND_DEFAULTS,
  checkpointEvery: "0",
  keepCheckpoints: KEEP_CHECKPOINTS,
  stallAfter: STALL_AFTER,
  log: "text",
};

/** JSON Schema, draft 2020-12. */
export function configSchema(): Record<string, unknown> {
  const defaults = formatConfig(DEFAULTS);
  const properties = Object.keys(CONFIG_FIELDS).map((name) => {
    const field = name as keyof ConfigOptions; // a key of the table above
    const usual = name in defaults ? { default: defaults[name] } : {};
    return [name, { description: descriptionOf(field), ...typeOf(field), ...usual }];
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Thinwire job file",
    description: "Options of thinwire train, simulate and compare, under the names of the command line.",
    type: "object",
    properties: { $schema: { type: "string" }, ...Object.fromEntries(properties) },
    additionalProperties: false,
  };
}

function descriptionOf(field: keyof ConfigOptions): string {
  const others: Readonly<Record<string, string>> = {
    ...RUN_TEXTS,
    ...MONITOR_TEXTS,
    faults: "what makes the simulated world unlike an ideal one, as in --faults FILE; virtual time only",
  };
  return JOB_OPTIONS.find(({ key }) => key === field)?.text ?? others[field] ?? field;
}

function typeOf(field: keyof ConfigOptions): Record<string, unknown> {
  const counts: Readonly<Record<string, { min: number; max: number }>> = {
    ...COUNTS,
    checkpointEvery: CHECKPOINT_ROUNDS,
    keepCheckpoints: KEPT_CHECKPOINTS,
  };
  const choices: Readonly<Record<string, readonly string[]>> = { ...CHOICES, log: LOG_FORMATS };
  const bounds = counts[field];
  switch (CONFIG_FIELDS[field]) {
    case "whole number":
      return { type: "integer", ...(bounds && { minimum: bounds.min, maximum: bounds.max }) };
    case "amount":
      return { type: ["number", "string"] };
    case "object":
      return { type: "object" };
    case "text":
      return choices[field] === undefined ? { type: "string" } : { enum: choices[field] };
  }
}
