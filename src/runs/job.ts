/**
 * Job: one run of a recipe, as plain data. It is checked once, here, and saved beside the results.
 */
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { lookUp, parseNumber } from "../base/spec.ts";
import { type BitsPerSecond, bitsPerSecond, parseDuration, parseRate, type Seconds, seconds } from "../base/units.ts";
import { parseCompressor } from "../compressors/registry.ts";
import type { Momentum } from "../recipes/method.ts";
import type { Recipe } from "../recipes/recipe.ts";
import { recipes } from "../recipes/registry.ts";

/** What a user may say, in the words of the command line; every field has a default. */
export interface JobOptions {
  readonly recipe?: string;
  readonly compressor?: string;
  readonly down?: string;
  readonly momentum?: string;
  readonly model?: string;
  readonly data?: string;
  readonly partition?: string;
  readonly peers?: string;
  readonly server?: string;
  readonly batch?: string;
  readonly lr?: string;
  readonly rounds?: string;
  readonly until?: string;
  readonly link?: string;
  readonly compute?: string;
  readonly evalEvery?: string;
  readonly seed?: string;
  readonly engine?: string;
}

export interface Link {
  readonly up: BitsPerSecond;
  readonly down: BitsPerSecond;
  /** One way. */
  readonly latency: Seconds;
}

export interface Target {
  readonly metric: "accuracy" | "loss";
  readonly value: number;
}

export interface Job {
  readonly recipe: string;
  /** Compressor specs of the two directions. */
  readonly up: string;
  readonly down: string;
  readonly momentum: Momentum;
  readonly model: string;
  readonly data: string;
  readonly partition: string;
  /** Workers: members that hold data and compute gradients. */
  readonly peers: number;
  /** "peer": the worker of rank 0 serves too. "own": one more member serves and holds no data. */
  readonly server: "peer" | "own";
  /** Rows of each worker's mini-batch. */
  readonly batch: number;
  readonly learningRate: number;
  readonly rounds: number;
  readonly until: Target | null;
  /** null: wires without limits. */
  readonly link: Link | null;
  /** Virtual time of a local step; null charges what it takes. */
  readonly stepCost: Seconds | null;
  readonly evalEvery: number;
  readonly seed: number;
  readonly engine: "auto" | "ort" | "jax";
}

export const JOB_DEFAULTS = {
  recipe: "double-squeeze",
  model: "mlp:128,64",
  data: "digits",
  partition: "iid",
  peers: "4",
  server: "peer",
  batch: "64",
  lr: "0.05",
  momentum: "0.9",
  rounds: "300",
  link: "none",
  compute: "5ms",
  evalEvery: "10",
  seed: "1",
  engine: "auto",
} as const;

/** @throws {ConfigError} naming the option, what was expected and the nearest valid value */
export function checkJob(options: JobOptions): Job {
  const said = { ...JOB_DEFAULTS, ...withoutUndefined(options) };
  const recipe = lookUp(recipes, said.recipe, "--recipe", "one of the recipes");
  if (!recipe.compresses && (options.compressor !== undefined || options.down !== undefined)) {
    const other = [...recipes.values()].find((candidate) => candidate.compresses);
    throw new ConfigError(options.compressor === undefined ? "--down" : "--compressor", {
      expected: `no compressor with --recipe ${recipe.name}, which sends plain f32`,
      got: options.compressor ?? options.down,
      hint: `Try --recipe ${other?.name}.`,
    });
  }
  const up = options.compressor ?? recipe.defaults.up;
  const down = options.down ?? options.compressor ?? recipe.defaults.down;
  return {
    recipe: recipe.name,
    up: parseCompressor(up, "--compressor").name,
    down: parseCompressor(down, "--down").name,
    momentum: parseMomentum(said.momentum, recipe),
    model: said.model,
    data: said.data,
    partition: said.partition,
    peers: parseNumber(said.peers, "--peers", { integer: true, min: 1, max: 65_535 }),
    server: oneOf(said.server, "--server", ["peer", "own"]),
    batch: parseNumber(said.batch, "--batch", { integer: true, min: 1, max: 1 << 20 }),
    learningRate: parseNumber(said.lr, "--lr", { above: 0, max: 1e6 }),
    rounds: parseNumber(said.rounds, "--rounds", { integer: true, min: 1, max: 2 ** 31 }),
    until: said.until === undefined ? null : parseTarget(said.until),
    link: said.link === "none" ? null : parseLink(said.link),
    stepCost: said.compute === "measured" ? null : parseDuration(said.compute, "--compute"),
    evalEvery: parseNumber(said.evalEvery, "--eval-every", { integer: true, min: 1, max: 2 ** 31 }),
    seed: parseNumber(said.seed, "--seed", { integer: true, min: 0 }),
    engine: oneOf(said.engine, "--engine", ["auto", "ort", "jax"]),
  };
}

/** The options that give this job again: `checkJob(optionsOf(job))` equals `job`. */
export function optionsOf(job: Job): JobOptions {
  const { compresses } = lookUp(recipes, job.recipe, "job.recipe", "one of the recipes");
  return {
    recipe: job.recipe,
    ...(compresses ? { compressor: job.up, down: job.down } : {}),
    momentum: formatMomentum(job.momentum),
    model: job.model,
    data: job.data,
    partition: job.partition,
    peers: String(job.peers),
    server: job.server,
    batch: String(job.batch),
    lr: String(job.learningRate),
    rounds: String(job.rounds),
    ...(job.until === null ? {} : { until: formatTarget(job.until) }),
    link: job.link === null ? "none" : formatLink(job.link),
    compute: job.stepCost === null ? "measured" : `${shortest(job.stepCost * 1000)}ms`,
    evalEvery: String(job.evalEvery),
    seed: String(job.seed),
    engine: job.engine,
  };
}

/** `0.9@worker` */
export const formatMomentum = (momentum: Momentum): string => `${momentum.factor}@${momentum.at}`;

/** `accuracy=0.95` */
export const formatTarget = (target: Target): string => `${target.metric}=${target.value}`;

/** The root of a job's randomness. */
export const jobRandom = (job: Job): Random => Random.fromSeed(job.seed);

export const recipeOf = (job: Job): Recipe => lookUp(recipes, job.recipe, "job.recipe", "one of the recipes");

/** `20mbit`, `20mbit/30ms`, or `10mbit/50mbit/40ms`: up, down (the same if left out), one-way latency (0 if left out). */
export function parseLink(text: string): Link {
  const parts = text.split("/");
  const latency = parts.length > 1 && !/bit$/i.test(parts.at(-1)!.trim()) ? parts.pop() : undefined;
  const [up, down = up, ...rest] = parts;
  if (up === undefined || down === undefined || rest.length > 0) {
    throw new ConfigError("--link", { expected: "UP, UP/LATENCY or UP/DOWN/LATENCY, such as 20mbit/30ms", got: text });
  }
  return {
    up: parseRate(up, "--link"),
    down: parseRate(down, "--link"),
    latency: latency === undefined ? seconds(0) : parseDuration(latency, "--link"),
  };
}

/** The inverse of `parseLink`. */
export function formatLink(link: Link): string {
  const rate = (r: number) =>
    r >= 1e9 ? `${shortest(r / 1e9)}gbit` : r >= 1e6 ? `${shortest(r / 1e6)}mbit` : `${shortest(r / 1e3)}kbit`;
  const rates = link.up === link.down ? rate(link.up) : `${rate(link.up)}/${rate(link.down)}`;
  return link.latency === 0 ? rates : `${rates}/${shortest(link.latency * 1000)}ms`;
}

/** A number without the noise of its last digit: 9, not 9.000000000000002. */
const shortest = (x: number): string => String(Number(x.toPrecision(15)));

export const UNLIMITED: Link = {
  up: bitsPerSecond(Number.POSITIVE_INFINITY),
  down: bitsPerSecond(Number.POSITIVE_INFINITY),
  latency: seconds(0),
};

function parseMomentum(text: string, recipe: Recipe): Momentum {
  const [factor = "", place = recipe.defaults.momentum, ...rest] = text.split("@");
  if (rest.length > 0) throw new ConfigError("--momentum", { expected: "such as 0.9 or 0.9@worker", got: text });
  return {
    factor: parseNumber(factor, "--momentum", { min: 0, below: 1 }),
    at: oneOf(place, "--momentum", ["worker", "server"]),
  };
}

function parseTarget(text: string): Target {
  const equals = text.indexOf("=");
  if (equals < 0) throw new ConfigError("--until", { expected: "accuracy=0.95 or loss=0.1", got: text });
  const metric = oneOf(text.slice(0, equals).trim(), "--until", ["accuracy", "loss"]);
  const bounds = metric === "accuracy" ? { above: 0, max: 1 } : { above: 0 };
  return { metric, value: parseNumber(text.slice(equals + 1).trim(), "--until", bounds) };
}

function oneOf<T extends string>(text: string, where: string, values: readonly T[]): T {
  return lookUp(new Map(values.map((value) => [value as string, value])), text, where, "one of");
}

function withoutUndefined(options: JobOptions): JobOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
