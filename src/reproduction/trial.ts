/**
 * Trial: a recipe, its real channels and pattern, on given losses, in the simulator, over free wires unless some are given.
 */
import { mean } from "../aggregators/mean.ts";
import { type Bytes, bytes, type Seconds, seconds } from "../base/units.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { leaseVectors, vector } from "../kernels/index.ts";
import { parseOptimizer } from "../optimizers/registry.ts";
import type { Batch } from "../ports/dataset.ts";
import type { Model } from "../ports/model.ts";
import type { Peer } from "../ports/peer.ts";
import { peerId } from "../ports/view.ts";
import type { Method } from "../recipes/method.ts";
import type { ChosenRecipe } from "../recipes/recipe.ts";
import { parseRecipe } from "../recipes/registry.ts";
import { RecordingMeter, total } from "../rounds/recording-meter.ts";
import type { Link } from "../simulation/link.ts";
import { simulate } from "../simulation/simulate.ts";
import type { Curve } from "./experiment.ts";

/** f_i, as worker i sees it. */
export interface TrialWorker {
  readonly model: Model;
  readonly batches: { at(round: number): Batch };
}

export interface Trial {
  /** Of its curve; the recipe's spec if left out. */
  readonly name?: string;
  /** A recipe's spec. */
  readonly recipe: string;
  /** Compressor specs; the recipe's own if left out. */
  readonly up?: string;
  readonly down?: string;
  /** An optimizer's spec; the recipe's own if left out. */
  readonly optimizer?: string;
  readonly workers: readonly TrialWorker[];
  /** x_0 */
  readonly start: ArrayLike<number>;
  /** γ */
  readonly stepSize: number;
  /** What γ is multiplied by in round 0, 1, … */
  readonly schedule?: (round: number) => number;
  readonly rounds: number;
  /** Onto the feasible set, after each step at every worker. */
  readonly project?: (params: Float32Array) => void;
  /** Of every worker; free if left out. */
  readonly link?: Link;
  /** Virtual time of a gradient; none if left out. */
  readonly stepCost?: Seconds;
  /**
   * What is plotted, of the parameters that the method would report; where every peer has a model of its own, of the mean of
   * the models.
   */
  readonly value: (params: Float32Array, models: readonly Float32Array[]) => number | Promise<number>;
  /** Rounds from one value to the next. */
  readonly every?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

export interface Outcome extends Curve {
  readonly points: readonly TrialPoint[];
  readonly params: Float32Array;
  /** Of every peer. */
  readonly models: readonly Float32Array[];
  /** Framed bytes that the last worker sent. */
  readonly bytesUp: number;
}

/** A value after x rounds. */
export interface TrialPoint {
  readonly x: number;
  readonly y: number;
  /** Virtual time. */
  readonly seconds: Seconds;
  /** Framed bytes that the last worker sent until then. */
  readonly bytes: Bytes;
}

/** The curve over the logarithm of virtual time or bytes, without what costs none. */
export const overLog = ({ name, points }: Outcome, axis: "seconds" | "bytes"): Curve => ({
  name,
  points: points.filter((point) => point[axis] > 0).map((point) => ({ x: Math.log10(point[axis]), y: point.y })),
});

/** The first point at which y is at least so much. */
export const reached = ({ points }: Outcome, y: number): TrialPoint | undefined => points.find((point) => point.y >= y);

export async function run(trial: Trial): Promise<Outcome> {
  const { recipe: spec, workers, rounds, value, every = 1, signal } = trial;
  const recipe = parseRecipe(spec, "recipe");
  const method = methodOf(recipe, trial);
  const settings = settingsOf(recipe, trial);
  const members = workers.map((_, i) => peerId(i));
  const meters = members.map(() => new RecordingMeter());
  const points: TrialPoint[] = [];
  const models = recipe.decentralised === true ? new Gathered(members.length) : undefined;
  const sent = (): Bytes => bytes(total(meters.at(-1)!.totals().sent));
  const watch = async (peer: Peer, x: number, params: Float32Array): Promise<void> => {
    const all = models === undefined ? (peer.id === members[0] ? [params] : undefined) : models.add(x, peer.id, params);
    if (all === undefined) return;
    const at = { x, seconds: peer.clock.now(), bytes: sent() };
    const y = await peer.work("evaluate", seconds(0), () => value(meanModel(all), all));
    points.push({ ...at, y });
  };
  const lease = leaseVectors();
  try {
    const { results } = await simulate(
      {
        view: { epoch: 0, members, workers: members },
        seed: trial.seed ?? 1,
        meter: (id) => meters[id]!,
        ...(trial.link === undefined ? {} : { link: trial.link }),
        ...(signal === undefined ? {} : { signal }),
      },
      async (peer) => {
        const { model, batches } = workers[peer.id]!;
        const params = vector(model.layout.length);
        params.set(trial.start);
        const learner = method.open({ peer, model, batches, params, settings });
        for (let number = 0; number < rounds; number++) {
          if (number % every === 0) await watch(peer, number, learner.model());
          await learner.step({ number, attempt: 0 }, 0);
          trial.project?.(params);
        }
        await watch(peer, rounds, learner.model());
        return Float32Array.from(learner.model());
      },
    );
    const params = models === undefined ? results[0]! : meanModel(results);
    return { name: trial.name ?? spec, points, params, models: results, bytesUp: sent() };
  } finally {
    lease.release();
  }
}

/** Models of all peers after the same round, which they reach one after the other. */
class Gathered {
  readonly #peers: number;
  readonly #rounds = new Map<number, Map<number, Float32Array>>();

  constructor(peers: number) {
    this.#peers = peers;
  }

  /** All of the round's, once the last is in. */
  add(round: number, peer: number, model: Float32Array): readonly Float32Array[] | undefined {
    const models = this.#rounds.get(round) ?? new Map<number, Float32Array>();
    this.#rounds.set(round, models.set(peer, Float32Array.from(model)));
    if (models.size < this.#peers) return undefined;
    this.#rounds.delete(round);
    return [...models].sort(([a], [b]) => a - b).map(([, of]) => of);
  }
}

/** x̄ = (1/n) Σ x_i, in f64. */
function meanModel(models: readonly Float32Array[]): Float32Array {
  const sum = new Float64Array(models[0]!.length);
  for (const model of models) for (let j = 0; j < sum.length; j++) sum[j]! += model[j]!;
  return Float32Array.from(sum, (entry) => entry / models.length);
}

/** Ξ = (1/n) Σ ‖x_i − x̄‖², the consensus distance. */
export function consensusDistance(mean: Float32Array, models: readonly Float32Array[]): number {
  let sum = 0;
  for (const model of models) for (let j = 0; j < mean.length; j++) sum += (model[j]! - mean[j]!) ** 2;
  return sum / models.length;
}

function methodOf({ defaults, build }: ChosenRecipe, { up, down }: Trial): Method {
  return build({
    up: parseCompressor(up ?? defaults.up, "up"),
    down: parseCompressor(down ?? defaults.down, "down"),
    aggregate: mean,
  });
}

function settingsOf({ defaults }: ChosenRecipe, trial: Trial) {
  const { stepSize, schedule, stepCost = seconds(0), optimizer = defaults.optimizer } = trial;
  return {
    learningRate: stepSize,
    momentum: { factor: 0, at: "server" },
    stepCost,
    codecCost: seconds(0),
    ...(schedule === undefined ? {} : { schedule }),
    ...(optimizer === undefined ? {} : { optimizer: parseOptimizer(optimizer, "optimizer") }),
  } as const;
}

const NOTHING: Batch = { size: 1, inputs: new Float32Array(0), targets: new Int32Array(0) };

/** A worker whose loss has no data. */
export const withoutData = (model: Model): TrialWorker => ({ model, batches: { at: () => NOTHING } });
