/**
 * Job: one run of a recipe, as plain data. It is checked once, here, and saved beside the results.
 */

import { mean } from "../aggregators/mean.ts";
import { parseAggregator } from "../aggregators/registry.ts";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { lookUp, parseNumber } from "../base/spec.ts";
import { type BitsPerSecond, bitsPerSecond, parseDuration, type Seconds, seconds } from "../base/units.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { parseAveraging } from "../optimizers/averaging/registry.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { parseOptimizer } from "../optimizers/registry.ts";
import { parseSchedule } from "../optimizers/schedules/registry.ts";
import { parseByzantine } from "../recipes/byzantine.ts";
import { parseLocal } from "../recipes/local-tensors.ts";
import type { Momentum } from "../recipes/method.ts";
import type { ChosenRecipe, RecipeSlots } from "../recipes/recipe.ts";
import { parseRecipe } from "../recipes/registry.ts";
import { type Faults, parseFaults } from "../simulation/faults.ts";
import { parseLink } from "../simulation/link.ts";
import { CHOICES, COUNTS } from "./bounds.ts";

export { parseLink } from "../simulation/link.ts";

/** What a user may say, in the words of the command line; every field has a default. */
export interface JobOptions {
  readonly recipe?: string;
  readonly compressor?: string;
  readonly down?: string;
  readonly momentum?: string;
  readonly optimizer?: string;
  readonly schedule?: string;
  readonly average?: string;
  readonly aggregator?: string;
  readonly byzantine?: string;
  readonly local?: string;
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
  /** JSON. */
  readonly faults?: string;
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
  /** Spec, with the recipe's options. */
  readonly recipe: string;
  /** Compressor specs of the two directions. */
  readonly up: string;
  readonly down: string;
  readonly momentum: Momentum;
  /** Specs; null leaves it to the recipe. */
  readonly optimizer: string | null;
  readonly schedule: string | null;
  readonly average: string | null;
  readonly aggregator: string | null;
  /** How many of the workers lie, and how: `1:sign-flip`. */
  readonly byzantine: string | null;
  /** Which tensors each peer keeps to itself: `norm`; null where everything is exchanged. */
  readonly local: string | null;
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
  /** "theory": `learningRate` is a multiple of the step size of the recipe's theorem. */
  readonly rateUnit: "plain" | "theory";
  readonly rounds: number;
  readonly until: Target | null;
  /** null: wires without limits. */
  readonly link: Link | null;
  /** Virtual time of a local step; null charges what it takes. */
  readonly stepCost: Seconds | null;
  readonly evalEvery: number;
  readonly seed: number;
  readonly engine: "auto" | "ort" | "jax";
  /** Of the simulated world; null: an ideal one. Left aside where time is real. */
  readonly faults: Faults | null;
}

export const JOB_DEFAULTS = {
  recipe: "double-squeeze",
  local: "none",
  model: "mlp:128,64",
  data: "digits",
  partition: "iid",
  peers: "4",
  server: "peer",
  batch: "64",
  lr: "0.05",
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
  const recipe = parseRecipe(said.recipe, "--recipe");
  refuseUseless(recipe, options);
  const up = options.compressor ?? recipe.defaults.up;
  const both = recipe.compresses === "both" ? options.compressor : undefined;
  const down = options.down ?? both ?? recipe.defaults.down;
  const optimizer = canonical(parseSwarmOptimizer, options.optimizer, "--optimizer");
  const peers = parseNumber(said.peers, "--peers", COUNTS.peers);
  const rounds = parseNumber(said.rounds, "--rounds", COUNTS.rounds);
  const slots = { up: parseCompressor(up, "--compressor"), down: parseCompressor(down, "--down") };
  return {
    recipe: recipe.spec,
    up: slots.up.name,
    down: slots.down.name,
    momentum: parseMomentum(options.momentum, recipe, optimizer),
    optimizer,
    schedule: canonical(parseSchedule, options.schedule, "--schedule"),
    average: canonical((text, where) => parseAveraging(text, where, rounds), options.average, "--average"),
    aggregator: canonical(parseAggregator, options.aggregator, "--aggregator"),
    byzantine: options.byzantine === undefined ? null : parseLiars(options.byzantine, peers),
    local: said.local === "none" ? null : parseKept(said.local, recipe, { ...slots, aggregate: mean }),
    model: said.model,
    data: said.data,
    partition: said.partition,
    peers,
    server: oneOf(said.server, "--server", CHOICES.server),
    batch: parseNumber(said.batch, "--batch", COUNTS.batch),
    ...parseLearningRate(said.lr),
    rounds,
    until: said.until === undefined ? null : parseTarget(said.until),
    link: said.link === "none" ? null : parseLink(said.link),
    stepCost: said.compute === "measured" ? null : parseDuration(said.compute, "--compute"),
    evalEvery: parseNumber(said.evalEvery, "--eval-every", COUNTS.evalEvery),
    seed: parseNumber(said.seed, "--seed", COUNTS.seed),
    engine: oneOf(said.engine, "--engine", CHOICES.engine),
    faults: options.faults === undefined ? null : parseFaults(options.faults, "--faults"),
  };
}

/** The options that give this job again: `checkJob(optionsOf(job))` equals `job`. */
export function optionsOf(job: Job): JobOptions {
  const { compresses, decentralised, oneWay } = recipeOf(job);
  const answers = decentralised !== true && oneWay !== true;
  return {
    recipe: job.recipe,
    ...(compresses === "none" ? {} : { compressor: job.up, ...(answers && { down: job.down }) }),
    momentum: formatMomentum(job.momentum),
    ...(job.optimizer === null ? {} : { optimizer: job.optimizer }),
    ...(job.schedule === null ? {} : { schedule: job.schedule }),
    ...(job.average === null ? {} : { average: job.average }),
    ...(job.aggregator === null ? {} : { aggregator: job.aggregator }),
    ...(job.byzantine === null ? {} : { byzantine: job.byzantine }),
    local: job.local ?? "none",
    model: job.model,
    data: job.data,
    partition: job.partition,
    peers: String(job.peers),
    server: job.server,
    batch: String(job.batch),
    lr: formatLearningRate(job),
    rounds: String(job.rounds),
    ...(job.until === null ? {} : { until: formatTarget(job.until) }),
    link: job.link === null ? "none" : formatLink(job.link),
    compute: job.stepCost === null ? "measured" : `${shortest(job.stepCost * 1000)}ms`,
    evalEvery: String(job.evalEvery),
    seed: String(job.seed),
    engine: job.engine,
    ...(job.faults === null ? {} : { faults: JSON.stringify(job.faults) }),
  };
}

/** `0.9@worker` */
export const formatMomentum = (momentum: Momentum): string => `${momentum.factor}@${momentum.at}`;

/** `accuracy=0.95` */
export const formatTarget = (target: Target): string => `${target.metric}=${target.value}`;

/** The root of a job's randomness. */
export const jobRandom = (job: Job): Random => Random.fromSeed(job.seed);

export const recipeOf = (job: Job): ChosenRecipe => parseRecipe(job.recipe, "job.recipe");

/** `0.05`, or `64*theory`. */
export const formatLearningRate = ({ learningRate, rateUnit }: Job): string =>
  rateUnit === "plain" ? String(learningRate) : `${learningRate}*theory`;

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

/** Options that the recipe has no use for. @throws {ConfigError} */
function refuseUseless(recipe: ChosenRecipe, { compressor, down, server, optimizer, aggregator }: JobOptions): void {
  const refuse = (option: string, got: string | undefined, why: string, hint: string): void => {
    if (got === undefined) return;
    throw new ConfigError(option, { expected: `no ${option} with --recipe ${recipe.name}, which ${why}`, got, hint });
  };
  if (recipe.compresses === "none") {
    refuse("--compressor", compressor, "fixes what it sends", "Try --recipe double-squeeze.");
    refuse("--down", down, "fixes what it sends", "Try --recipe double-squeeze.");
  }
  if (recipe.oneWay === true) refuse("--down", down, "sends nothing back", "Leave it out.");
  if (recipe.decentralised === true) {
    refuse("--down", down, "has no server", "Leave it out.");
    refuse("--server", server === "peer" ? undefined : server, "has no server", "Leave it out.");
  }
  if (recipe.ownStep === true) refuse("--optimizer", optimizer, "takes its own step", "Leave it out.");
  if (recipe.ownAggregate === true) refuse("--aggregator", aggregator, "aggregates by itself", "Leave it out.");
}

/** An optimizer for peers that each see their own rows only. @throws {ConfigError} */
function parseSwarmOptimizer(text: string, where: string): Optimizer {
  const optimizer = parseOptimizer(text, where);
  if (optimizer.needsLoss !== true) return optimizer;
  throw new ConfigError(where, {
    expected: "an optimizer that needs gradients only",
    got: text,
    hint: "A line search needs the loss of all rows at every trial; adagrad-norm finds its step size without.",
  });
}

/** Some of the workers, and what they do. @throws {ConfigError} */
function parseLiars(text: string, peers: number): string {
  const { name, count } = parseByzantine(text, "--byzantine");
  if (count <= peers) return name;
  throw new ConfigError("--byzantine", { expected: `at most ${peers} liars, as many as peers`, got: text });
}

/** What peers keep to themselves, in a recipe in which they train it. @throws {ConfigError} */
function parseKept(text: string, recipe: ChosenRecipe, slots: RecipeSlots): string {
  const { name } = parseLocal(text, "--local");
  if (recipe.build(slots).stepsLocally === true) return name;
  throw new ConfigError("--local", {
    expected: `none with --recipe ${recipe.spec}, whose peers all take the one step that the exchange gives: what is not exchanged would never be trained`,
    got: text,
    hint: "Take a recipe with local steps or without a server: local-sgd, fedavg, diloco, choco.",
  });
}

/** The canonical form of a spec; null if there is none. @throws {ConfigError} */
function canonical(
  parse: (spec: string, where: string) => { readonly name: string },
  spec: string | undefined,
  where: string,
): string | null {
  return spec === undefined ? null : parse(spec, where).name;
}

/** `0.05`, `theory` or `64*theory` */
function parseLearningRate(text: string): Pick<Job, "learningRate" | "rateUnit"> {
  const theory = /^(?:(.*)\*)?theory$/.exec(text.trim());
  const bounds = { above: 0, max: 1e6 };
  if (theory === null) return { learningRate: parseNumber(text, "--lr", bounds), rateUnit: "plain" };
  return { learningRate: parseNumber(theory[1] ?? "1", "--lr", bounds), rateUnit: "theory" };
}

/** Momentum is the recipe's business where it has an optimizer of its own, unless the user says otherwise. */
function parseMomentum(text: string | undefined, recipe: ChosenRecipe, optimizer: string | null): Momentum {
  const { momentum: usual, factor: usually = optimizer === null || optimizer === "sgd" ? 0.9 : 0 } = recipe.defaults;
  const [factor = "", place, ...rest] = (text ?? String(usually)).split("@");
  if (rest.length > 0) throw new ConfigError("--momentum", { expected: "such as 0.9 or 0.9@worker", got: text });
  const ownMoments = (optimizer ?? recipe.defaults.optimizer ?? "sgd") !== "sgd";
  const at = place === undefined ? (ownMoments ? "worker" : usual) : oneOf(place, "--momentum", ["worker", "server"]);
  const momentum = { factor: parseNumber(factor, "--momentum", { min: 0, below: 1 }), at };
  if (recipe.decentralised === true && at === "server" && momentum.factor > 0) {
    throw new ConfigError("--momentum", { expected: "momentum at the worker: there is no server", got: text });
  }
  if (ownMoments && at === "server" && momentum.factor > 0) {
    throw new ConfigError("--momentum", {
      expected: "momentum at the worker, or in the optimizer's own options",
      got: text,
      hint: "An optimizer other than sgd is the server's momentum.",
    });
  }
  return momentum;
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
