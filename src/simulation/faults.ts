/**
 * Faults: what makes a simulated world unlike an ideal one, as plain data: groups of peers with links and speeds of their
 * own, distances, jitter, loss, machines that are slow or come and go, wires that are cut. Read from JSON and checked here;
 * an error names the field. All of it is drawn from the seed (`conditions.ts`).
 *
 *     { "groups": { "homes": { "peers": "1-3", "link": "10mbit/50mbit/40ms", "slowdown": 4 } },
 *       "latency": { "homes/homes": "80ms" }, "jitter": "lognormal:0.3", "loss": 0.01, "stragglers": "0.1:5x",
 *       "partitions": [{ "cut": ["homes"], "at": "10s", "for": "5s" }], "churn": { "online": "1h", "offline": "5min" } }
 */
import { ConfigError } from "../base/errors.ts";
import { parseNumber, suggestion } from "../base/spec.ts";
import { parseDuration, type Seconds } from "../base/units.ts";
import { type Law, parseLaw } from "./law.ts";
import { parseLink } from "./link.ts";

export interface Group {
  /** Ids: `0`, `1-3,7`. A peer is in one group at most. */
  readonly peers: string;
  /** In place of the job's. */
  readonly link?: string;
  /** How many times longer its work takes. */
  readonly slowdown?: number;
  /** How that varies, in place of `compute`. */
  readonly compute?: string;
}

export interface Faults {
  readonly groups?: Readonly<Record<string, Group>>;
  /** One way, between two groups or within one: `{ "eu/us": "80ms" }`; default the mean of the two links'. */
  readonly latency?: Readonly<Record<string, string>>;
  /** The law by which latencies vary from message to message. */
  readonly jitter?: string;
  /** Probabilities, of a message and each time it is sent; at most one of the four befalls it. */
  readonly loss?: number;
  readonly corrupt?: number;
  readonly duplicate?: number;
  /** `0.05:200ms`: with this probability, up to so much later than what is sent after it. */
  readonly reorder?: string;
  /** Whether what is lost or corrupt is sent again; default true. */
  readonly retransmit?: boolean;
  /** The law by which the time of a piece of work varies. */
  readonly compute?: string;
  /** `0.1:5x`: this share of the peers, drawn from the seed, takes so many times longer. */
  readonly stragglers?: string;
  /** Groups that nobody else reaches for a time. */
  readonly partitions?: readonly { readonly cut: readonly string[]; readonly at: string; readonly for: string }[];
  /** Peers that crash, and come back after a time if `for` is given. */
  readonly crashes?: readonly { readonly peer: number; readonly at: string; readonly for?: string }[];
  /** All peers but the first come and go. */
  readonly churn?: {
    /** Means. */
    readonly online: string;
    readonly offline: string;
    /** Of both times; default exponential. */
    readonly law?: string;
    /** The probability that a peer says that it goes; default 0: it crashes. */
    readonly graceful?: number;
  };
  /** How long a crash goes unnoticed; default 0. */
  readonly detection?: string;
  /** All peers share the cores of one machine, so many; default: each has its own. */
  readonly cores?: number;
}

/** Checks one value, and gives it back. @throws {ConfigError} naming `where` */
type Check = (value: unknown, where: string) => unknown;

const text =
  (parse: (text: string, where: string) => unknown): Check =>
  (value, where) => {
    if (typeof value !== "string") throw new ConfigError(where, { expected: "text", got: JSON.stringify(value) });
    parse(value, where);
    return value;
  };

const numberWithin =
  (bounds: Parameters<typeof parseNumber>[2]): Check =>
  (value, where) => {
    if (typeof value === "number") return parseNumber(String(value), where, bounds);
    throw new ConfigError(where, { expected: "a number", got: JSON.stringify(value) });
  };

const yesOrNo: Check = (value, where) => {
  if (typeof value === "boolean") return value;
  throw new ConfigError(where, { expected: "true or false", got: JSON.stringify(value) });
};

const listOf =
  (item: Check): Check =>
  (value, where) => {
    if (!Array.isArray(value)) throw new ConfigError(where, { expected: "a list", got: JSON.stringify(value) });
    return value.map((one, i) => item(one, `${where}[${i}]`));
  };

/** An object with any keys. */
const tableOf =
  (item: Check): Check =>
  (value, where) =>
    Object.fromEntries(entriesOf(value, where).map(([key, one]) => [key, item(one, `${where}.${key}`)]));

/** An object with these fields; those whose names end in "?" may be left out. */
function record(fields: Readonly<Record<string, Check>>): Check {
  const names = Object.keys(fields).map((name) => name.replace("?", ""));
  return (value, where) => {
    const given = entriesOf(value, where);
    for (const [name] of given) {
      if (names.includes(name)) continue;
      throw new ConfigError(where, { expected: `fields ${names.join(", ")}`, got: name, ...suggestion(name, names) });
    }
    const said = new Map(given);
    const checked: [string, unknown][] = [];
    for (const [field, check] of Object.entries(fields)) {
      const name = field.replace("?", "");
      const one = said.get(name);
      if (one !== undefined) checked.push([name, check(one, `${where}.${name}`)]);
      else if (name === field) throw new ConfigError(where, { expected: `the field ${name}`, got: "none" });
    }
    return Object.fromEntries(checked);
  };
}

function entriesOf(value: unknown, where: string): [string, unknown][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw new ConfigError(where, { expected: "an object", got: JSON.stringify(value) });
}

const duration = text(parseDuration);
const law = text(parseLaw);
const probability = numberWithin({ min: 0, max: 1 });

const faults: Check = record({
  "groups?": tableOf(
    record({
      peers: text(parseIds),
      "link?": text(parseLink),
      "slowdown?": numberWithin({ above: 0, max: 1e6 }),
      "compute?": law,
    }),
  ),
  "latency?": tableOf(duration),
  "jitter?": law,
  "loss?": numberWithin({ min: 0, below: 1 }),
  "corrupt?": numberWithin({ min: 0, below: 1 }),
  "duplicate?": probability,
  "reorder?": text(parseReorder),
  "retransmit?": yesOrNo,
  "compute?": law,
  "stragglers?": text(parseStragglers),
  "partitions?": listOf(record({ cut: listOf(text(() => {})), at: duration, for: duration })),
  "crashes?": listOf(
    record({ peer: numberWithin({ integer: true, min: 0, max: 65_535 }), at: duration, "for?": duration }),
  ),
  "churn?": record({
    online: duration,
    offline: duration,
    "law?": text(parseStay),
    "graceful?": probability,
  }),
  "detection?": duration,
  "cores?": numberWithin({ integer: true, min: 1, max: 65_536 }),
});

/** @param where names the option in errors @throws {ConfigError} naming the field */
export function parseFaults(json: string, where: string): Faults {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new ConfigError(where, { expected: "JSON", got: json, hint: String(cause), cause });
  }
  const checked = faults(value, where) as Faults; // the table above has the fields of the interface
  checkNames(checked, where);
  return checked;
}

/** Groups that are named exist, no peer is in two, and probabilities do not add up to more than 1. */
function checkNames({ groups = {}, latency = {}, partitions = [], ...rates }: Faults, where: string): void {
  const names = Object.keys(groups);
  const check = (name: string, at: string) => {
    if (names.includes(name)) return;
    const expected = names.length === 0 ? "a group, but there are none" : `a group: ${names.join(", ")}`;
    throw new ConfigError(at, { expected, got: name, ...suggestion(name, names) });
  };
  for (const pair of Object.keys(latency)) {
    const [one = "", other = "", ...rest] = pair.split("/");
    if (rest.length > 0) throw new ConfigError(`${where}.latency`, { expected: "GROUP/GROUP", got: pair });
    for (const name of [one, other]) check(name, `${where}.latency.${pair}`);
  }
  for (const [i, { cut }] of partitions.entries()) for (const name of cut) check(name, `${where}.partitions[${i}].cut`);
  const groupOf = new Map<number, string>();
  for (const [name, { peers }] of Object.entries(groups)) {
    for (const id of parseIds(peers, `${where}.groups.${name}.peers`)) {
      const other = groupOf.get(id);
      if (other !== undefined) {
        throw new ConfigError(`${where}.groups.${name}.peers`, {
          expected: "each peer in one group",
          got: `peer ${id}, which is in ${other} too`,
        });
      }
      groupOf.set(id, name);
    }
  }
  const { loss = 0, corrupt = 0, duplicate = 0, reorder } = rates;
  const sum = loss + corrupt + duplicate + (reorder === undefined ? 0 : parseReorder(reorder, where).probability);
  if (sum > 1)
    throw new ConfigError(where, { expected: "loss + corrupt + duplicate + reorder of at most 1", got: sum });
}

/** `0`, `1-3,7` @throws {ConfigError} */
export function parseIds(ids: string, where: string): readonly number[] {
  return ids.split(",").flatMap((part) => {
    const [first = "", last = first, ...rest] = part.split("-");
    if (rest.length > 0) throw new ConfigError(where, { expected: "ids such as 1-3,7", got: ids });
    const from = parseNumber(first, where, { integer: true, min: 0, max: 65_535 });
    const to = parseNumber(last, where, { integer: true, min: from, max: 65_535 });
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** `0.05:200ms` @throws {ConfigError} */
export function parseReorder(spec: string, where: string): { readonly probability: number; readonly within: Seconds } {
  const [probability, within] = twoParts(spec, where, "such as 0.05:200ms");
  return { probability: parseNumber(probability, where, { min: 0, max: 1 }), within: parseDuration(within, where) };
}

/** `0.1:5x` @throws {ConfigError} */
export function parseStragglers(spec: string, where: string): { readonly share: number; readonly times: number } {
  const [share, times] = twoParts(spec, where, "such as 0.1:5x");
  return {
    share: parseNumber(share, where, { min: 0, max: 1 }),
    times: parseNumber(times.replace(/x$/, ""), where, { above: 0, max: 1e6 }),
  };
}

/** A law that has a mean. @throws {ConfigError} */
export function parseStay(spec: string, where: string): Law {
  const stay = parseLaw(spec, where);
  if (stay.mean < Number.POSITIVE_INFINITY) return stay;
  throw new ConfigError(where, { expected: "a law with a finite mean", got: spec });
}

function twoParts(spec: string, where: string, expected: string): readonly [string, string] {
  const [first, second, ...rest] = spec.split(":");
  if (first !== undefined && second !== undefined && rest.length === 0) return [first, second];
  throw new ConfigError(where, { expected, got: spec });
}
