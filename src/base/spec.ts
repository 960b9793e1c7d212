/**
 * The spec grammar shared by every option that names a part: `name`, `name:0.01`, `name:levels=7,bucket=512`.
 *
 *     spec      = name [ ":" argument { "," argument } ]
 *     argument  = value | key "=" value
 *     value     = text without commas | "(" text ")"
 *
 * A value in parentheses may be a spec with arguments of its own, `induced:(qsgd:levels=7,bucket=512),rand-k:0.01`: one
 * that begins with a parenthesis reaches to the closing one, and a key ends before it begins.
 */
import { ConfigError } from "./errors.ts";

export interface Spec {
  readonly text: string;
  readonly name: string;
  /** Arguments without a key, in order. */
  readonly values: readonly string[];
  /** Arguments of the form key=value. */
  readonly options: ReadonlyMap<string, string>;
}

/** @param where names the option in errors, such as `--compressor` @throws {ConfigError} */
export function parseSpec(text: string, where: string): Spec {
  const colon = text.indexOf(":");
  const name = (colon < 0 ? text : text.slice(0, colon)).trim();
  if (name === "") throw new ConfigError(where, { expected: "a name such as top-k:0.01", got: text });
  const values: string[] = [];
  const options = new Map<string, string>();
  for (const part of colon < 0 ? [] : separateArguments(text.slice(colon + 1))) {
    const equals = part.search(/[=(]/) === part.indexOf("=") ? part.indexOf("=") : -1;
    const key = part.slice(0, Math.max(0, equals)).trim();
    const value = withoutParentheses(part.slice(equals + 1).trim());
    if (value === "" || (equals >= 0 && key === "")) {
      throw new ConfigError(where, { expected: "arguments such as 0.01 or levels=7", got: text });
    }
    if (options.has(key)) throw new ConfigError(where, { expected: `${key} once`, got: text });
    if (equals < 0) values.push(value);
    else options.set(key, value);
  }
  return { text, name, values, options };
}

/** Cuts at commas, but for those in a value that begins with a parenthesis. */
function separateArguments(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  while (start <= text.length) {
    const opening = /^\s*(?:[^=,()]*=\s*)?\(/.exec(text.slice(start));
    const from = opening === null ? start : closingParenthesis(text, start + opening[0].length - 1);
    const comma = text.indexOf(",", from);
    const end = comma < 0 ? text.length : comma;
    parts.push(text.slice(start, end));
    start = end + 1;
  }
  return parts;
}

/** Where the parenthesis that opens at `opening` closes; `opening` itself if it never does. */
function closingParenthesis(text: string, opening: number): number {
  let depth = 0;
  for (let i = opening; i < text.length; i++) {
    if (text[i] === "(") depth += 1;
    if (text[i] === ")" && --depth === 0) return i;
  }
  return opening;
}

const withoutParentheses = (value: string): string =>
  value.startsWith("(") && closingParenthesis(value, 0) === value.length - 1 && value.length > 1
    ? value.slice(1, -1).trim()
    : value;

/** The spec as a value of another one: in parentheses where it would come apart. */
export const asValue = (spec: string): string => (/[,=+()]/.test(spec) ? `(${spec})` : spec);

/** Refuses arguments that nobody reads: at most `values` plain ones and only the named options. @throws {ConfigError} */
export function checkArguments(spec: Spec, where: string, values: number, options: readonly string[] = []): void {
  if (spec.values.length > values) {
    throw new ConfigError(where, { expected: `at most ${values} plain argument(s) for ${spec.name}`, got: spec.text });
  }
  for (const key of spec.options.keys()) {
    if (options.includes(key)) continue;
    const known = options.length === 0 ? "no named argument" : `one of ${options.join(", ")}`;
    throw new ConfigError(where, { expected: `${known} for ${spec.name}`, got: key, ...suggestion(key, options) });
  }
}

/** A number from text, within bounds. @throws {ConfigError} naming `where` */
export function parseNumber(
  text: string,
  where: string,
  bounds: { min?: number; above?: number; max?: number; below?: number; integer?: boolean } = {},
): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
  const { min, above, max, below, integer } = bounds;
  const ok =
    Number.isFinite(value) &&
    (min === undefined || value >= min) &&
    (above === undefined || value > above) &&
    (max === undefined || value <= max) &&
    (below === undefined || value < below) &&
    (integer !== true || Number.isSafeInteger(value));
  if (ok) return value;
  const limits = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  const kind = integer === true ? "a whole number" : "a number";
  const nearest = nearestWithin(value, bounds);
  throw new ConfigError(where, {
    expected: limits.length === 0 ? kind : `${kind} ${limits.join(" and ")}`,
    got: text,
    ...(nearest === undefined ? {} : { hint: `The nearest valid value is ${nearest}.` }),
  });
}

/** The number within inclusive bounds that is nearest to `value`; undefined where there is no such number. */
function nearestWithin(value: number, bounds: { min?: number; max?: number; integer?: boolean }): number | undefined {
  const { min, max, integer } = bounds;
  if (min !== undefined && value < min) return min;
  if (max !== undefined && value > max) return max;
  return integer === true && Number.isSafeInteger(Math.round(value)) ? Math.round(value) : undefined;
}

/** Looks a name up in a table of parts. @throws {ConfigError} with the nearest known name */
export function lookUp<T>(table: ReadonlyMap<string, T>, name: string, where: string, what: string): T {
  const found = table.get(name);
  if (found !== undefined) return found;
  const names = [...table.keys()];
  throw new ConfigError(where, { expected: `${what}: ${names.join(", ")}`, got: name, ...suggestion(name, names) });
}

/** `{ hint: "Did you mean top-k?" }` when a name is near enough, else nothing. */
export function suggestion(name: string, names: Iterable<string>): { hint?: string } {
  const best = nearest(name, names);
  return best === undefined ? {} : { hint: `Did you mean ${best}?` };
}

/** The candidate at the smallest edit distance from `name`, if it is near enough to be meant. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const start = name.toLowerCase().slice(0, 64); // hostile names cost no more than long ones
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(start.length / 2)) + 1;
  for (const candidate of candidates) {
    const abbreviated = start.length >= 2 && candidate.toLowerCase().startsWith(start);
    const distance = abbreviated ? 1 : editDistance(start, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitute, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
