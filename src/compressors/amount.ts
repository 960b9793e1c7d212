/**
 * How many of d entries a sparsifier keeps: a number of entries, or a share of d.
 */
import { ConfigError } from "../base/errors.ts";
import { parseNumber } from "../base/spec.ts";

export interface Amount {
  /** As it stands in a spec. */
  readonly text: string;
  readonly value: number;
  readonly unit: "entries" | "share of d";
}

/** @throws {ConfigError} unless k is a positive whole number */
export function entries(k: number, where: string): Amount {
  if (!Number.isSafeInteger(k) || k < 1) {
    throw new ConfigError(where, {
      expected: "a positive whole number of entries",
      got: k,
      hint: "A share of d is a fraction.",
    });
  }
  return { text: `${k}`, value: k, unit: "entries" };
}

/** @throws {ConfigError} unless the fraction is above 0 and at most 1 */
export function shareOf(fraction: number, where: string): Amount {
  if (!(fraction > 0 && fraction <= 1)) {
    throw new ConfigError(where, { expected: "a fraction of d above 0 and at most 1", got: fraction });
  }
  return { text: fraction === 1 ? "1.0" : `${fraction}`, value: fraction, unit: "share of d" };
}

/** `32` is a number of entries; `0.01`, `1.0` and `1e-3` are shares: so `1` keeps one entry and `1.0` all. */
export function parseAmount(text: string, where: string): Amount {
  if (/^[+-]?\d+$/.test(text)) return entries(parseNumber(text, where, { min: 1, integer: true }), where);
  return shareOf(parseNumber(text, where, { above: 0, max: 1 }), where);
}

/** k for vectors of d entries: at most d; a share is rounded, to 1 at least. */
export function keptOf({ value, unit }: Amount, length: number): number {
  return Math.min(length, unit === "entries" ? value : Math.max(1, Math.round(value * length)));
}
