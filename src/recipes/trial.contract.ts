/**
 * Runs a recipe on quadratic problems in the simulator, for tests of recipes.
 */
import { mean } from "../aggregators/mean.ts";
import { parseAggregator } from "../aggregators/registry.ts";
import { layoutOf } from "../base/layout.ts";
import type { NamedVectors } from "../base/state.ts";
import { bitsPerSecond, seconds } from "../base/units.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { parseOptimizer } from "../optimizers/registry.ts";
import type { Batch } from "../ports/dataset.ts";
import type { Model } from "../ports/model.ts";
import { peerId, type View } from "../ports/view.ts";
import { RecordingMeter } from "../rounds/recording-meter.ts";
import { simulate } from "../simulation/simulate.ts";
import { LocalTensors, parseLocal } from "./local-tensors.ts";
import type { Momentum, TrainingSettings } from "./method.ts";
import { parseRecipe } from "./registry.ts";

export const none: Momentum = { factor: 0, at: "worker" };

export interface Trial {
  /** f_i of each worker. */
  readonly models: readonly Model[];
  readonly rounds: number;
  readonly learningRate?: number;
  readonly momentum?: Momentum;
  readonly up?: string;
  readonly down?: string;
  readonly aggregator?: string;
  /** Which tensors each worker keeps to itself, as `--local` has it. */
  readonly local?: string;
  readonly settings?: Partial<TrainingSettings>;
  readonly seed?: number;
  /** A server without data, of rank 0. */
  readonly ownServer?: boolean;
  /** The run ends here, and another one goes on from what every member saved and the parameters of rank 0. */
  readonly restartAt?: number;
  /** What becomes of a saved state before it is restored. */
  readonly tamper?: (state: NamedVectors) => NamedVectors;
  /** The first attempt at this round is undone by a note. */
  readonly undoneAt?: number;
  /** Rank 0 ends the run in this round with a note. */
  readonly endsAt?: number;
}

export interface TrialResult {
  /** Parameters of each member, in rank order: of what is shared. */
  readonly params: readonly Float32Array[];
  /** What each member keeps to itself, in rank order; empty where everything is shared. */
  readonly kept: readonly Float32Array[];
  /** The model that rank 0 reports after each round. */
  readonly trace: readonly Float32Array[];
  /** Rounds done, as each member knows it. */
  readonly ends: readonly number[];
  /** Bytes written by all. */
  readonly bytes: number;
}

const EMPTY: Batch = { size: 1, inputs: new Float32Array(1), targets: new Int32Array(1) };

export async function runTrial(recipe: string, trial: Trial): Promise<TrialResult> {
  const { models, rounds, learningRate = 0.05, momentum = none, tamper = (state) => state } = trial;
  const chosen = parseRecipe(recipe, "test");
  const method = chosen.build({
    up: parseCompressor(trial.up ?? chosen.defaults.up, "test"),
    down: parseCompressor(
      trial.down ?? (chosen.compresses === "both" ? trial.up : undefined) ?? chosen.defaults.down,
      "test",
    ),
    aggregate: trial.aggregator === undefined ? mean : parseAggregator(trial.aggregator, "test"),
  });
  const server = trial.ownServer === true ? 1 : 0;
  const members = Array.from({ length: models.length + server }, (_, i) => peerId(i));
  const view: View = { epoch: 0, members, workers: members.slice(server) };
  const fast = bitsPerSecond(Number.POSITIVE_INFINITY);
  const meters = members.map(() => new RecordingMeter());
  const trace: Float32Array[] = [];
  const { optimizer } = chosen.defaults;
  const settings: TrainingSettings = {
    learningRate,
    momentum,
    stepCost: seconds(0),
    codecCost: seconds(0),
    ...(optimizer !== undefined && { optimizer: parseOptimizer(optimizer, "test") }),
    ...trial.settings,
  };
  const link = { up: fast, down: fast, latency: seconds(0) };
  /** Parameters and state of each member after rounds `from` … `to` − 1. */
  const play = async (from: number, to: number, saved: readonly Saved[]): Promise<readonly Saved[]> => {
    const { results } = await simulate(
      { view, seed: trial.seed ?? 1, link, meter: (id) => meters[id]! },
      async (peer) => {
        const worker = view.workers.indexOf(peer.id);
        const model = models[Math.max(0, worker)]!;
        const split = trial.local === undefined ? undefined : parseLocal(trial.local, "test").split(model);
        const params = new Float32Array((split?.shared ?? model.layout).length);
        const localTensors = split && new LocalTensors(split, new Float32Array(model.layout.length));
        const batches = worker < 0 ? null : { at: () => EMPTY };
        const learner = method.open({
          ...{ peer, model, batches, params, settings: { ...settings, rounds: to } },
          ...(localTensors && { localTensors }),
        });
        const ended = (end: number): Saved => ({
          ...{ params, state: learner.save(), end },
          kept: localTensors?.values ?? new Float32Array(0),
        });
        if (saved.length > 0) {
          params.set(saved[0]!.params);
          learner.restore(tamper(saved[peer.id]!.state));
        }
        for (let number = from; number < to; number++) {
          const attempt = number === trial.undoneAt ? 1 : 0;
          if (attempt === 1) await learner.step({ number, attempt: 0 }, 1);
          const { note, at = number } = await learner.step(
            { number, attempt },
            peer.id === members[0] && number === trial.endsAt ? 1 : 0,
          );
          if (note !== 0) return ended(at);
          if (peer.id === members[0]) trace.push(Float32Array.from(learner.model()));
        }
        return ended(to);
      },
    );
    return results;
  };
  const half = trial.restartAt === undefined ? [] : await play(0, trial.restartAt, []);
  const results = await play(trial.restartAt ?? 0, rounds, half);
  const bytes = meters.flatMap((meter) => [...meter.totals().sent.values()]).reduce((a, b) => a + b, 0);
  const of = <K extends keyof Saved>(field: K): Saved[K][] => results.map((result) => result[field]);
  return { params: of("params"), kept: of("kept"), trace, ends: of("end"), bytes };
}

interface Saved {
  readonly params: Float32Array;
  readonly state: NamedVectors;
  readonly kept: Float32Array;
  /** Rounds done. */
  readonly end: number;
}

/** f = ½ Σ_j a_j (x_j − c_j)², from x = 0. */
export function quadratic(centre: readonly number[], curvature: readonly number[] = centre.map(() => 1)): Model {
  return {
    name: "quadratic",
    engine: "analytic",
    layout: layoutOf([["x", [centre.length]]]),
    init: (_, params) => void params.fill(0),
    gradient(params, _, out) {
      for (let j = 0; j < out.length; j++) out[j] = curvature[j]! * (params[j]! - centre[j]!);
      return Promise.resolve(0);
    },
    evaluate: () => Promise.resolve({ loss: 0 }),
    close: () => Promise.resolve(),
  };
}
