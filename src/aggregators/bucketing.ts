/**
 * Bucketing: random groups of s vectors are averaged, and another rule combines the ⌈n/s⌉ means.
 *
 * The means differ s times less in variance than the vectors, which is what robust rules need where workers hold different
 * data; in turn a liar spoils its whole group, so that the rule's tolerance is that for ⌈n/s⌉ vectors. The groups are drawn
 * anew in each round, from the randomness of its first message, so that all adapters draw the same.
 * @param size s, a whole number ≥ 1
 * @throws {ConfigError} if s is none, or the other aggregator does not look at vectors side by side
 * @see Karimireddy, He & Jaggi 2020, "Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing", arXiv:2006.09365
 */
import { ConfigError } from "../base/errors.ts";
import { asValue, checkArguments, parseNumber } from "../base/spec.ts";
import type { Aggregator } from "./aggregator.ts";
import type { AggregatorEntry } from "./entry.ts";
import { gathering } from "./gathering.ts";
import { meanOf } from "./linear.ts";

export function bucketing(size: number, of: Aggregator, where = "bucketing"): Aggregator {
  const s = parseNumber(String(size), `${where}: s`, { min: 1, integer: true });
  const { rule } = of;
  if (rule === undefined) {
    throw new ConfigError(where, { expected: "a rule over vectors, such as bucketing:2,median", got: of.name });
  }
  const buckets = (n: number) => Math.ceil(n / s);
  return gathering({
    name: `bucketing:${s},${asValue(of.name)}`,
    least: (gone) => s * ((rule.least?.(gone) ?? 1) - 1) + 1,
    tolerates: (n) => rule.tolerates(buckets(n)),
    warnings: (use) => rule.warnings?.({ ...use, workers: buckets(use.workers) }) ?? [],
    open(layout, most) {
      const { combine, memory } = rule.open(layout, buckets(most));
      return {
        ...(memory && { memory }),
        combine(vectors, out, { gone, rng }) {
          const order = [...rng.split("buckets").permutation(vectors.length)];
          const means: Float32Array[] = [];
          for (let first = 0; first < order.length; first += s) {
            const bucket = order.slice(first, first + s).map((i) => vectors[i]!);
            const into = bucket[0]!; // its own place: a vector is read before it is overwritten
            meanOf(bucket, into);
            means.push(into);
          }
          combine(means, out, { gone, rng });
        },
      };
    },
  });
}

export const bucketingEntry: AggregatorEntry = {
  name: "bucketing",
  summary: "another rule over the means of random groups, for workers with different data",
  paper: "arXiv:2006.09365",
  law: "rule(means of groups of s); safe from as many liars as the rule is among ⌈n/s⌉",
  options: [
    { name: "s", meaning: "vectors of a group (default 2)" },
    { name: "rule", meaning: "a rule over vectors, such as median or (multi-krum:1,m=2)" },
  ],
  examples: ["bucketing:2,median", "bucketing:2,trimmed-mean:1", "bucketing:2,(centered-clipping:1,rounds=2)"],
  parse(spec, where, part) {
    checkArguments(spec, where, 2);
    const [first = "", second] = spec.values;
    const [size, rule] = second === undefined ? ["2", first] : [first, second];
    return bucketing(parseNumber(size, `${where}: s`), part(rule), where);
  },
};
