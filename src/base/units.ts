/**
 * Units that get confused, branded: a number of bytes never passes for a number of bits, nor seconds for rounds.
 * Values are minted by the functions of this file and nowhere else.
 */
import { ConfigError } from "./errors.ts";

declare const unit: unique symbol;

export type Bytes = number & { readonly [unit]: "bytes" };
export type Seconds = number & { readonly [unit]: "seconds" };
export type BitsPerSecond = number & { readonly [unit]: "bits per second" };

export const bytes = (n: number): Bytes => n as Bytes;
export const seconds = (n: number): Seconds => n as Seconds;
export const milliseconds = (n: number): Seconds => (n / 1000) as Seconds;
export const bitsPerSecond = (n: number): BitsPerSecond => n as BitsPerSecond;
export const megabitsPerSecond = (n: number): BitsPerSecond => (n * 1e6) as BitsPerSecond;

/** Time that `size` takes through a port of the given rate; 0 where the rate is infinite. */
export const transferTime = (size: Bytes, rate: BitsPerSecond): Seconds => ((size * 8) / rate) as Seconds;

const DURATIONS: ReadonlyMap<string, number> = new Map([
  ["us", 1e-6],
  ["ms", 1e-3],
  ["s", 1],
  ["min", 60],
  ["h", 3600],
  ["d", 86_400],
]);

const RATES: ReadonlyMap<string, number> = new Map([
  ["bit", 1],
  ["kbit", 1e3],
  ["mbit", 1e6],
  ["gbit", 1e9],
]);

/** Reads `5ms`, `1.5s`, `2min`. @throws {ConfigError} */
export const parseDuration = (text: string, where: string): Seconds =>
  seconds(quantity(text, where, DURATIONS, "a duration such as 5ms, 1.5s or 2min"));

/** Reads `20mbit`, `1.5gbit`. @throws {ConfigError} */
export const parseRate = (text: string, where: string): BitsPerSecond => {
  const rate = quantity(text, where, RATES, "a rate such as 20mbit, 500kbit or 1gbit");
  if (rate === 0) throw new ConfigError(where, { expected: "a rate above 0", got: text });
  return bitsPerSecond(rate);
};

function quantity(text: string, where: string, scales: ReadonlyMap<string, number>, expected: string): number {
  const match = /^(\d+(?:\.\d+)?(?:e[+-]?\d+)?)([a-z]+)$/.exec(text.trim().toLowerCase());
  const scale = match?.[2] === undefined ? undefined : scales.get(match[2]);
  const value = Number(match?.[1]) * (scale ?? Number.NaN);
  if (!Number.isFinite(value)) throw new ConfigError(where, { expected, got: text });
  return value;
}

/** `1.9 MB`: decimal multiples, two significant figures below ten. */
export function formatBytes(n: number): string {
  const names = ["B", "kB", "MB", "GB", "TB"];
  let value = n;
  let name = 0;
  while (value >= 999.5 && name < names.length - 1) {
    value /= 1000;
    name += 1;
  }
  return `${name === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${names[name]}`;
}

/** `850 ms`, `12.3 s`, `4 min 05 s`. */
export function formatSeconds(n: number): string {
  if (n < 1) return `${(n * 1000).toFixed(0)} ms`;
  if (n < 100) return `${n.toFixed(1)} s`;
  const whole = Math.round(n);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}
