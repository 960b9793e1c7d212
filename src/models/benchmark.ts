/**
 * What one training step costs: forward, backward, gradient written into the flat vector, on one thread.
 */
import { ThinwireError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { lookUp, parseSpec } from "../base/spec.ts";
import type { Batch } from "../ports/dataset.ts";
import type { Model } from "../ports/model.ts";
import type { DataInfo } from "./define.ts";
import { isModelFile } from "./load.ts";
import { openModel } from "./open.ts";
import { models } from "./registry.ts";

export interface BenchmarkOptions {
  /** CPU time that this process has used so far, in milliseconds. */
  readonly cpuMs: () => number;
  /** Each on the data it is usual for; default mlp:512,128, cnn and gpt. */
  readonly specs?: readonly string[];
  /** Default 64, and 16 for models of sequences. */
  readonly batch?: number;
  /** Timed steps; default 100, of which a tenth where one takes a tenth of a second. */
  readonly steps?: number;
  readonly engines?: readonly ("ort" | "jax")[];
  /** Milliseconds of the same step in PyTorch; undefined where it cannot be timed. */
  readonly torchMs?: (spec: string, batch: number, steps: number, data: DataInfo) => Promise<number | undefined>;
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

const SEED = 1;

/** Times every model on every engine that is there. */
export async function benchModels(options: BenchmarkOptions): Promise<{ rows: BenchmarkRow[] }> {
  const { specs = ["mlp:512,128", "cnn", "gpt"], steps = 100, engines = ["ort", "jax"] } = options;
  const rows: BenchmarkRow[] = [];
  for (const spec of specs) {
    const data = usualData(spec);
    const batch = options.batch ?? (isSequence(data) ? 16 : 64);
    const torchMs = await options.torchMs?.(spec, batch, steps, data);
    for (const engine of engines) {
      const model = await openIfPresent(spec, data, engine, batch);
      if (model === undefined) continue;
      const timing = await time(model, data, batch, steps, options.cpuMs);
      rows.push({ model: spec, engine: model.engine, ...timing, ...(torchMs === undefined ? {} : { torchMs }) });
      await model.close();
    }
  }
  return { rows };
}

/** What a model of the zoo is usual for; images of 28 x 28 for a file. */
function usualData(spec: string): DataInfo {
  const entry = isModelFile(spec) ? undefined : lookUp(models, parseSpec(spec, "model").name, "model", "a model");
  return entry !== undefined && "typical" in entry ? entry.typical : { inputShape: [28, 28], classes: 10 };
}

const isSequence = ({ inputShape, classes }: DataInfo): boolean => inputShape.length === 1 && classes > 2;

/** ONNX Runtime is optional; a benchmark without it still times jax-js. */
async function openIfPresent(
  spec: string,
  data: DataInfo,
  engine: "ort" | "jax",
  batch: number,
): Promise<Model | undefined> {
  try {
    return await openModel(spec, data, { batch, engine });
  } catch (error) {
    if (engine === "ort" && error instanceof ThinwireError && error.where === "onnxruntime-node") return undefined;
    throw error;
  }
}

async function time(model: Model, data: DataInfo, size: number, steps: number, cpuMs: () => number) {
  const rng = Random.fromSeed(SEED);
  const params = new Float32Array(model.layout.length);
  const out = new Float32Array(model.layout.length);
  model.init(rng.split("init"), params);
  const entries = size * data.inputShape.reduce((product, n) => product * n, 1);
  const entry = (i: number) => (isSequence(data) ? rng.below(i, data.classes) : rng.uniform(i));
  const batch: Batch = {
    size,
    inputs: new Float32Array(entries).map((_, i) => entry(i)),
    targets: new Int32Array(size).map((_, i) => rng.below(i, data.classes)),
  };
  const times: number[] = [];
  const warmUp = Math.ceil(steps / 10);
  for (let step = 0; step < warmUp + steps; step++) {
    const start = cpuMs();
    await model.gradient(params, batch, out);
    const spent = cpuMs() - start;
    if (step >= warmUp) times.push(spent);
    if (step >= warmUp + steps / 10 && spent > SLOW_MS) break;
  }
  times.sort((a, b) => a - b);
  const checksum = out.reduce((sum, x) => sum + x, 0);
  return { ms: times[times.length >> 1] ?? Number.NaN, msMin: times[0] ?? Number.NaN, checksum };
}

/** A step that takes this long is timed a tenth as often. */
const SLOW_MS = 100;
