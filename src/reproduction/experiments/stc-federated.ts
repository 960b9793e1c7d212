/**
 * Sparse ternary compression among a hundred clients of whom ten take part in a round, with data of all classes, of two, and
 * of one at each client.
 */
import { type Experiment, last } from "../experiment.ts";
import { IMAGE_FILES, withImages } from "../images.ts";
import { type Outcome, run } from "../trial.ts";

const CLIENTS = 100;
const ROUNDS = 4000;
const STC = { recipe: "stc:participation=0.1", up: "stc:0.01", down: "stc:0.01" } as const;
/** The same protocol with nothing left out: SGD with partial participation. */
const SGD = { ...STC, up: "identity", down: "identity" } as const;

const RUNS = [
  { name: "SGD, one class a client", split: "shards:1", ...SGD },
  { name: "STC, images at random", split: "iid", ...STC },
  { name: "STC, two classes a client", split: "shards:2", ...STC },
  { name: "STC, one class a client", split: "shards:1", ...STC },
] as const;

export const stcFederated: Experiment = {
  name: "stc-federated",
  title: "STC at 1 % does not mind what each client holds",
  paper: "arXiv:1903.02891",
  claim:
    "test accuracy after 4000 rounds: SGD 0.936 with one class a client; STC at 1 % both ways 0.934 iid, 0.936 with two classes, 0.936 with one, above 0.92 in all cases, at 338 times fewer bits up",
  setting: `softmax regression (d = 7850) on 8000 images of MNIST, ${CLIENTS} clients, 10 a round, batch 20, lr 0.04, ${ROUNDS} rounds; FedAvg and the sign vote of the paper's comparison are left out`,
  files: IMAGE_FILES,
  run: ({ signal, folder }) =>
    withImages(folder, { model: "softmax", batch: 20 }, async ({ data, model, start, workers }) => {
      const curves: Outcome[] = [];
      for (const { split, ...method } of RUNS) {
        const value = async (params: Float32Array) => (await model.evaluate(params, data.test)).accuracy ?? 0;
        const trial = { workers: workers(split, CLIENTS), start, stepSize: 0.04, rounds: ROUNDS, every: 200 };
        curves.push(await run({ ...method, ...trial, value, signal }));
      }
      const [sgd, ...compressed] = curves.map(last) as [number, ...number[]];
      const saved = curves[0]!.bytesUp / curves.at(-1)!.bytesUp;
      return {
        measured: `${curves.map((curve) => `${curve.name} ${last(curve).toFixed(4)}`).join(", ")}; SGD sent ${saved.toFixed(0)} times the bytes, frames of 25 bytes included`,
        holds: compressed.every((accuracy) => accuracy >= 0.92 && accuracy > sgd - 0.015),
        figure: { xLabel: "rounds", yLabel: "test accuracy", yScale: "linear", curves },
      };
    }),
};
