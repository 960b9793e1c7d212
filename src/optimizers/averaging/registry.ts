/**
 * The averagings by name, and the reader of specs such as `polyak`, `tail:from=100,every=5` or `ema:0.99`.
 */
import { lookUp, parseSpec } from "../../base/spec.ts";
import type { Averaging } from "./averaging.ts";
import { emaEntry } from "./ema.ts";
import type { AveragingEntry } from "./entry.ts";
import { polyakEntry, polynomialAverageEntry } from "./polyak.ts";
import { suffixEntry, tailEntry } from "./tail.ts";

const entries: readonly AveragingEntry[] = [polyakEntry, tailEntry, suffixEntry, emaEntry, polynomialAverageEntry];

export const averagings: ReadonlyMap<string, AveragingEntry> = new Map(entries.map((entry) => [entry.name, entry]));

/**
 * @param where names the option in errors, such as `--average`
 * @param rounds T, which the suffix average needs
 * @throws {ConfigError}
 */
export function parseAveraging(text: string, where: string, rounds?: number): Averaging {
  const spec = parseSpec(text, where);
  return lookUp(averagings, spec.name, where, "an averaging").parse(spec, where, rounds);
}
