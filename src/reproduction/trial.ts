/**
 * Trial: a recipe, its real channels and pattern, on given losses, in the simulator over free wires.
 */
import { mean } from "../aggregators/mean.ts";
import { seconds } from "../base/units.ts";
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
  /** What is plotted, of the parameters that the method would report. */
  readonly value: (params: Float32Array) => number | Promise<number>;
  /** Rounds from one value to the next. */
  readonly every?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

export interface Outcome extends Curve {
  readonly params: Float32Array;
  /** Framed bytes that the last worker sent. */
  readonly bytesUp: number;
}

export async function run(trial: Trial): Promise<Outcome> {
  const { recipe: spec, workers, rounds, value, every = 1, signal } = trial;
  const recipe = parseRecipe(spec, "recipe");
  const method = methodOf(recipe, trial);
  const settings = settingsOf(recipe, trial);
  const members = workers.map((_, i) => peerId(i));
  const meters = members.map(() => new RecordingMeter());
  const points: { x: number; y: number }[] = [];
  const lease = leaseVectors();
  const watch = async (peer: Peer, x: number, params: Float32Array): Promise<void> => {
    if (peer.id !== members[0]) return;
    points.push({ x, y: await peer.work("evaluate", seconds(0), () => value(params)) });
  };
  try {
    const { results } = await simulate(
      {
        view: { epoch: 0, members, workers: members },
        seed: trial.seed ?? 1,
        meter: (id) => meters[id]!,
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
    const bytesUp = total(meters.at(-1)!.totals().sent);
    return { name: trial.name ?? spec, points, params: results[0]!, bytesUp };
  } finally {
    lease.release();
  }
}

function methodOf({ defaults, build }: ChosenRecipe, { up, down }: Trial): Method {
  return build({
    up: parseCompressor(up ?? defaults.up, "up"),
    down: parseCompressor(down ?? defaults.down, "down"),
    aggregate: mean,
  });
}

function settingsOf({ defaults }: ChosenRecipe, { stepSize, schedule, optimizer = defaults.optimizer }: Trial) {
  return {
    learningRate: stepSize,
    momentum: { factor: 0, at: "server" },
    stepCost: seconds(0),
    codecCost: seconds(0),
    ...(schedule === undefined ? {} : { schedule }),
    ...(optimizer === undefined ? {} : { optimizer: parseOptimizer(optimizer, "optimizer") }),
  } as const;
}

const NOTHING: Batch = { size: 1, inputs: new Float32Array(0), targets: new Int32Array(0) };

/** A worker whose loss has no data. */
export const withoutData = (model: Model): TrialWorker => ({ model, batches: { at: () => NOTHING } });
