/**
 * The aggregators by name, and the reader of specs such as `median`, `krum:1` or `bucketing:2,trimmed-mean:1`.
 */
import { ConfigError } from "../base/errors.ts";
import { lookUp, parseSpec } from "../base/spec.ts";
import { adasumEntry } from "./adasum.ts";
import type { Aggregator } from "./aggregator.ts";
import { bucketingEntry } from "./bucketing.ts";
import { centeredClippingEntry } from "./centered-clipping.ts";
import type { AggregatorEntry } from "./entry.ts";
import { geometricMedianEntry } from "./geometric-median.ts";
import { krumEntry, multiKrumEntry } from "./krum.ts";
import { majorityVoteEntry } from "./majority-vote.ts";
import { meanEntry } from "./mean.ts";
import { medianEntry } from "./median.ts";
import { normClippingEntry } from "./norm-clipping.ts";
import { trimmedMeanEntry } from "./trimmed-mean.ts";
import { weightedMeanEntry } from "./weighted-mean.ts";

const entries: readonly AggregatorEntry[] = [
  meanEntry,
  weightedMeanEntry,
  majorityVoteEntry,
  adasumEntry,
  medianEntry,
  trimmedMeanEntry,
  krumEntry,
  multiKrumEntry,
  geometricMedianEntry,
  centeredClippingEntry,
  normClippingEntry,
  bucketingEntry,
];

export const aggregators: ReadonlyMap<string, AggregatorEntry> = new Map(entries.map((entry) => [entry.name, entry]));

/** Rules nest, and a spec may come from another machine. */
const LONGEST_SPEC = 1000;

/**
 * The aggregator of a spec, `name:arguments`.
 * @param where names the option in errors, such as `--aggregator`
 * @throws {ConfigError} with the nearest known name
 */
export function parseAggregator(text: string, where: string): Aggregator {
  if (text.length > LONGEST_SPEC) {
    throw new ConfigError(where, { expected: `at most ${LONGEST_SPEC} characters`, got: text });
  }
  const spec = parseSpec(text, where);
  const entry = lookUp(aggregators, spec.name, where, "an aggregator");
  return entry.parse(spec, where, (part) => parseAggregator(part, where));
}
