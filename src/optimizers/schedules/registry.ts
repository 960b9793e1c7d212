/**
 * The schedules by name, and the reader of specs such as `cosine`, `exponential:beta=2` or `warmup:5+cosine`.
 */
import { ConfigError } from "../../base/errors.ts";
import { lookUp, parseSpec } from "../../base/spec.ts";
import { constantEntry } from "./constant.ts";
import { cosineEntry } from "./cosine.ts";
import { exponentialEntry } from "./exponential.ts";
import { gadamEntry } from "./gadam.ts";
import { inverseEntry, inverseRootEntry } from "./inverse.ts";
import { polynomialEntry } from "./polynomial.ts";
import type { Schedule, ScheduleEntry } from "./schedule.ts";
import { stagesEntry } from "./stages.ts";
import { parseWarmUp, warmUp, warmUpEntry } from "./warm-up.ts";

const entries: readonly ScheduleEntry[] = [
  constantEntry,
  exponentialEntry,
  cosineEntry,
  inverseEntry,
  inverseRootEntry,
  stagesEntry,
  polynomialEntry,
  gadamEntry,
  warmUpEntry,
];

export const schedules: ReadonlyMap<string, ScheduleEntry> = new Map(entries.map((entry) => [entry.name, entry]));

/** @param where names the option in errors, such as `--schedule` @throws {ConfigError} */
export function parseSchedule(text: string, where: string): Schedule {
  const plus = text.search(/\+\s*[a-z]/i); // one that is followed by a name, unlike the one in 1e+2
  const spec = parseSpec(plus < 0 ? text : text.slice(0, plus), where);
  const entry = lookUp(schedules, spec.name, where, "a schedule");
  if (plus < 0) return entry.parse(spec, where);
  const rest = parseSpec(text.slice(plus + 1), where);
  if (entry !== warmUpEntry || rest.name === warmUpEntry.name) {
    throw new ConfigError(where, { expected: "one warm-up and then a schedule, as in warmup:5+cosine", got: text });
  }
  return warmUp(parseWarmUp(spec, where), lookUp(schedules, rest.name, where, "a schedule").parse(rest, where));
}
