/**
 * FedAvg beside sparse ternary compression, where each client holds images of two classes.
 */
import { type Experiment, tailMean } from "../experiment.ts";
import { IMAGE_FILES, withImages } from "../images.ts";
import { type Outcome, run } from "../trial.ts";

const CLIENTS = 100;
/** Gradients of a client that takes part in every round. */
const STEPS = 4000;

const FEDAVG = { steps: 100, recipe: "fedavg:participation=0.1,steps=100" } as const;
const STC = { steps: 1, recipe: "stc:participation=0.1", up: "stc:0.01", down: "stc:0.01" } as const;

const RUNS = [
  { name: "FedAvg, images at random", split: "iid", ...FEDAVG },
  { name: "FedAvg, two classes a client", split: "shards:2", ...FEDAVG },
  { name: "STC, two classes a client", split: "shards:2", ...STC },
] as const;

export const fedAvgSkew: Experiment = {
  name: "fedavg-skew",
  title: "Two classes a client cost FedAvg accuracy, and STC none",
  paper: "arXiv:1903.02891",
  claim:
    "FedAvg with 100 local steps falls from 0.930 to 0.866 when each client holds two classes, STC at 1 % keeps 0.936 for fewer bytes: at least 0.03 above FedAvg, and no more than 0.015 below FedAvg on images at random",
  setting: `softmax regression (d = 7850) on 8000 images of MNIST, ${CLIENTS} clients, 10 a round, batch 20, lr 0.04, ${STEPS} steps of each place in a round, mean test accuracy over the last quarter`,
  files: IMAGE_FILES,
  run: ({ signal, folder }) =>
    withImages(folder, { model: "softmax", batch: 20 }, async ({ data, model, start, workers }) => {
      const curves: Outcome[] = [];
      for (const { split, steps, ...method } of RUNS) {
        const value = async (params: Float32Array) => (await model.evaluate(params, data.test)).accuracy ?? 0;
        const rounds = { rounds: STEPS / steps, every: 200 / steps };
        const curve = await run({
          ...method,
          ...rounds,
          workers: workers(split, CLIENTS),
          start,
          stepSize: 0.04,
          value,
          signal,
        });
        curves.push({ ...curve, points: curve.points.map((point) => ({ ...point, x: steps * point.x })) });
      }
      const ends = curves.map((curve) => tailMean(curve, 0.75 * STEPS));
      const [even, skewed, stc] = ends as [number, number, number];
      const bytes = curves.map(({ bytesUp }) => bytesUp);
      return {
        measured: curves
          .map(({ name }, i) => `${name} ${ends[i]!.toFixed(3)} (${(bytes[i]! / 1000).toFixed(0)} kB up)`)
          .join(", "),
        holds: stc - skewed >= 0.03 && even - stc <= 0.015 && bytes[2]! < bytes[1]!,
        reason: "bytes are those that one client sent, frames of 25 bytes included",
        figure: { xLabel: "steps", yLabel: "test accuracy", yScale: "linear", curves },
      };
    }),
};
