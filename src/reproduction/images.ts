/**
 * MNIST's 10,000 test images, 8000 to train and 2000 to test, dealt to workers: what small networks are compared on.
 */
import { Random } from "../base/random.ts";
import { Batches } from "../data/batches.ts";
import { openData } from "../data/open.ts";
import { partition } from "../data/partition.ts";
import { openModel } from "../models/open.ts";
import type { TrainTest } from "../ports/dataset.ts";
import type { Model } from "../ports/model.ts";
import type { TrialWorker } from "./trial.ts";

export const IMAGE_FILES: readonly string[] = ["mnist10k-images-idx3-ubyte.gz", "mnist10k-labels-idx1-ubyte.gz"];

const SEED = 1;

export interface Images {
  readonly data: TrainTest;
  readonly model: Model;
  /** x_0 */
  readonly start: Float32Array;
  /** Workers with mini-batches of their own images. @param partitioner spec such as `iid` or `shards:2` */
  workers(partitioner: string, count: number): readonly TrialWorker[];
}

/** Opens data and model; the model is closed after `use`. */
export async function withImages<T>(
  folder: string,
  { model: spec, batch }: { readonly model: string; readonly batch: number },
  use: (images: Images) => Promise<T>,
): Promise<T> {
  const data = await openData(`idx:${folder}`, { seed: SEED });
  const model = await openModel(spec, data.train, { batch });
  const rng = Random.fromSeed(SEED);
  const start = new Float32Array(model.layout.length);
  model.init(rng.split("init"), start);
  try {
    return await use({
      data,
      model,
      start,
      workers: (partitioner, count) =>
        partition(partitioner, data.train, count, rng.split("partition")).map((rows, i) => ({
          model,
          batches: new Batches(data.train, rows, batch, rng.split(`peer/${i}/batches`)),
        })),
    });
  } finally {
    await model.close();
  }
}
