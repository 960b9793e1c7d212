/**
 * What one training step costs: forward, backward, gradient written into the flat vector, on one thread.
 */
import { ThinwireError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import type { Batch } from "../ports/dataset.ts";
import type { Model } from "../ports/model.ts";
import { openModel } from "./open.ts";

export interface BenchmarkOptions {
  /** CPU time that this process has used so far, in milliseconds. */
  readonly cpuMs: () => number;
  /** Default mlp:512,128 on 784 inputs and 10 classes. */
  readonly specs?: readonly string[];
  /** Default 64. */
  readonly batch?: number;
  /** Timed steps; default 100. */
  readonly steps?: number;
  /** Milliseconds of the same step in PyTorch; undefined where it cannot be timed. */
  readonly torchMs?: (spec: string, batch: number, steps: number) => Promise<number | undefined>;
}

export interface BenchmarkRow {
  readonly model: string;
  readonly engine: string;
  /** Median CPU time of a step, milliseconds. */
  readonly ms: number;
  /** The fastest step, milliseconds. */
  readonly msMin: number;
  /** Sum of the gradient's entries, so that two runs can be seen to compute the same. */
  readonly checksum: number;
  readonly torchMs?: number;
}

const INPUTS = 784;
const CLASSES = 10;
const SEED = 1;

/** Times every model on every engine that is there. */
export async function benchModels(options: BenchmarkOptions): Promise<{ rows: BenchmarkRow[] }> {
  const { specs = ["mlp:512,128"], batch = 64, steps = 100 } = options;
  const rows: BenchmarkRow[] = [];
  for (const spec of specs) {
    const torchMs = await options.torchMs?.(spec, batch, steps);
    for (const engine of ["ort", "jax"] as const) {
      const model = await openIfPresent(spec, engine, batch);
      if (model === undefined) continue;
      const timing = await time(model, batch, steps, options.cpuMs);
      rows.push({ model: spec, engine: model.engine, ...timing, ...(torchMs === undefined ? {} : { torchMs }) });
      await model.close();
    }
  }
  return { rows };
}

/** ONNX Runtime is optional; a benchmark without it still times jax-js. */
async function openIfPresent(spec: string, engine: "ort" | "jax", batch: number): Promise<Model | undefined> {
  try {
    return await openModel(spec, { inputShape: [INPUTS], classes: CLASSES }, { batch, engine });
  } catch (error) {
    if (engine === "ort" && error instanceof ThinwireError && error.where === "onnxruntime-node") return undefined;
    throw error;
  }
}

async function time(model: Model, size: number, steps: number, cpuMs: () => number) {
  const rng = Random.fromSeed(SEED);
  const params = new Float32Array(model.layout.length);
  const out = new Float32Array(model.layout.length);
  model.init(rng.split("init"), params);
  const batch: Batch = {
    size,
    inputs: new Float32Array(size * INPUTS).map((_, i) => rng.uniform(i)),
    targets: new Int32Array(size).map((_, i) => rng.below(i, CLASSES)),
  };
  const times: number[] = [];
  const warmUp = Math.ceil(steps / 10);
  for (let step = 0; step < warmUp + steps; step++) {
    const start = cpuMs();
    await model.gradient(params, batch, out);
    const spent = cpuMs() - start;
    if (step >= warmUp) times.push(spent);
  }
  times.sort((a, b) => a - b);
  const checksum = out.reduce((sum, x) => sum + x, 0);
  return { ms: times[times.length >> 1] ?? Number.NaN, msMin: times[0] ?? Number.NaN, checksum };
}
