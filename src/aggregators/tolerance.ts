/**
 * What a user should know who expects liars, or workers with different data.
 */
import type { AggregatorUse, Rule } from "./rule.ts";

export function toleranceWarnings(
  { name, tolerates, assumesAlike }: Pick<Rule, "name" | "tolerates" | "assumesAlike">,
  { workers, byzantine, skewed }: AggregatorUse,
): readonly string[] {
  const most = tolerates(workers);
  return [
    ...(byzantine > most ? [`${name}: ${byzantine} of ${workers} workers lie, and it is safe from ${most}`] : []),
    ...(assumesAlike === true && skewed
      ? [`${name}: its guarantee is for workers with data of one distribution; bucketing:2,(${name}) bears more skew`]
      : []),
  ];
}

/** Fewer than half. */
export const minority = (n: number): number => Math.max(0, Math.ceil(n / 2) - 1);
