/**
 * A problem whose gradients do not depend on the parameters: worker i's in local step s is u(i, s), whatever happened
 * before. So what a model has become tells which vectors were applied to it.
 */
import { layoutOf } from "../../base/layout.ts";
import { Random } from "../../base/random.ts";
import type { Batch, TrainTest } from "../../ports/dataset.ts";
import type { Model } from "../../ports/model.ts";
import type { PeerId } from "../../ports/view.ts";

export interface Gradients {
  readonly model: Model;
  /** u: multiples of 1/8 from −4 to 4. */
  at(worker: PeerId, step: number): Float32Array;
  /** Batches that say whose they are, and for which step. */
  batchesOf(worker: PeerId): { at(step: number): Batch };
}

export function gradientsOf(seed: number, [rows, columns]: readonly [number, number]): Gradients {
  const layout = layoutOf([
    ["w", [rows, columns]],
    ["b", [rows]],
  ]);
  const rng = Random.fromSeed(seed).split("gradients");
  const at = (worker: number, step: number): Float32Array => {
    const draws = rng.split(`${worker}/${step}`);
    return Float32Array.from({ length: layout.length }, (_, j) => draws.below(j, 65) / 8 - 4);
  };
  const model: Model = {
    name: "linear",
    engine: "analytic",
    layout,
    init(draws, params) {
      for (let j = 0; j < params.length; j++) params[j] = draws.below(j, 9) - 4;
    },
    gradient(_, { inputs, targets }, out) {
      out.set(at(inputs[0]!, targets[0]!));
      return Promise.resolve(0);
    },
    evaluate: () => Promise.resolve({ loss: 0 }),
    close: () => Promise.resolve(),
  };
  return {
    model,
    at,
    batchesOf: (worker) => ({
      at: (step) => ({ size: 1, inputs: Float32Array.of(worker), targets: Int32Array.of(step) }),
    }),
  };
}

/** One row for each worker: enough for a job to be opened. */
export function rowsFor(workers: number): { data: TrainTest; parts: readonly Uint32Array[] } {
  const rows = {
    name: "rows",
    rows: workers,
    inputShape: [1],
    inputs: new Float32Array(workers),
    targets: new Int32Array(workers),
    classes: 2,
  };
  return {
    data: { train: rows, test: rows },
    parts: Array.from({ length: workers }, (_, i) => Uint32Array.of(i)),
  };
}
