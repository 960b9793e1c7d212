/**
 * A small network on images, trained on gradients of few bits and of low rank beside those of f32. The papers train large
 * networks on GPUs; this is a substitute that an ordinary machine runs in a minute.
 */
import { type Bench, type Experiment, figures } from "../experiment.ts";
import { IMAGE_FILES, withImages } from "../images.ts";
import { type Outcome, run } from "../trial.ts";

const WORKERS = 4;
const BATCH = 16;
const STEPS = 2500;

const SETTING = `784-64-10 ReLU network, 8000 images of MNIST to train and 2000 to test, ${WORKERS} workers with batch ${BATCH}, lr 0.1, ${STEPS} steps; a substitute for the paper's networks`;

interface Method {
  readonly name: string;
  readonly recipe: string;
  readonly up?: string;
  readonly down?: string;
}

interface Trained {
  readonly curve: Outcome;
  /** On the training rows. */
  readonly loss: number;
  /** On the test rows. */
  readonly accuracy: number;
}

const trained = ({ signal, folder }: Bench, methods: readonly Method[]): Promise<Trained[]> =>
  withImages(folder, { model: "mlp:64", batch: BATCH }, async ({ data, model, start, workers }) => {
    const ends: Trained[] = [];
    for (const method of methods) {
      const value = async (params: Float32Array) => (await model.evaluate(params, data.test)).loss;
      const trial = { workers: workers("iid", WORKERS), start, stepSize: 0.1, rounds: STEPS, every: 100 };
      const curve = await run({ ...method, ...trial, value, signal });
      const { loss } = await model.evaluate(curve.params, data.train);
      const { accuracy = 0 } = await model.evaluate(curve.params, data.test);
      ends.push({ curve, loss, accuracy });
    }
    return ends;
  });

const told = (ends: readonly Trained[]): string =>
  ends
    .map(
      ({ curve, accuracy, loss }) => `${curve.name}: accuracy ${accuracy.toFixed(4)}, training loss ${figures(loss)}`,
    )
    .join("; ");

const figureOf = (ends: readonly Trained[]) =>
  ({ xLabel: "steps", yLabel: "test loss", yScale: "log", curves: ends.map(({ curve }) => curve) }) as const;

/** As good as exact gradients, but for noise. */
const asGood = (one: Trained, exact: Trained): boolean =>
  one.accuracy >= exact.accuracy - 0.01 && one.loss <= 1.2 * exact.loss;

export const cgxNetwork: Experiment = {
  name: "cgx-network",
  title: "CGX trains a network at 4 and 2 bits as at 32",
  paper: "arXiv:2111.08617",
  claim:
    "quantised gradients end within 0.01 of the test accuracy of float32 (0.947) and no more than 20 % above its training loss",
  setting: SETTING,
  files: IMAGE_FILES,
  async run(bench) {
    const ends = await trained(bench, [
      { name: "float32", recipe: "sgd" },
      { name: "CGX 4 bits, buckets of 512", recipe: "cgx", up: "cgx:bits=4,bucket=512", down: "identity" },
      { name: "CGX 2 bits, buckets of 128", recipe: "cgx", up: "cgx:bits=2,bucket=128", down: "identity" },
      { name: "CGX 4 bits both ways", recipe: "cgx", up: "cgx:bits=4,bucket=512", down: "cgx:bits=4,bucket=512" },
    ]);
    const [exact, ...quantised] = ends as [Trained, ...Trained[]];
    return {
      measured: told(ends),
      holds: quantised.every((one) => asGood(one, exact)),
      figure: figureOf(ends),
    };
  },
};

export const powerSgdNetwork: Experiment = {
  name: "powersgd-network",
  title: "PowerSGD needs its error feedback",
  paper: "arXiv:1905.13727",
  claim:
    "with error feedback rank 1 and 2 end within 0.01 of the test accuracy of float32 (0.947) and no more than 20 % above its training loss; without it the loss is at least twice as high (accuracy 0.91 and 0.93)",
  setting: SETTING,
  files: IMAGE_FILES,
  async run(bench) {
    const ends = await trained(bench, [
      { name: "float32", recipe: "sgd" },
      { name: "rank 1", recipe: "powersgd:rank=1" },
      { name: "rank 2", recipe: "powersgd:rank=2" },
      { name: "rank 1, no feedback", recipe: "powersgd:rank=1,feedback=off" },
      { name: "rank 2, no feedback", recipe: "powersgd:rank=2,feedback=off" },
    ]);
    const [exact, one, two, ...without] = ends as [Trained, Trained, Trained, ...Trained[]];
    return {
      measured: told(ends),
      holds: [one, two].every((end) => asGood(end, exact)) && without.every(({ loss }) => loss >= 2 * exact.loss),
      figure: figureOf(ends),
    };
  },
};
