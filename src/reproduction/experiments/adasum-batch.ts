/**
 * Adasum beside the mean and the sum of gradients, at the step size of one worker.
 */
import { type Experiment, figures } from "../experiment.ts";
import { IMAGE_FILES, withImages } from "../images.ts";
import { type Outcome, reached, run } from "../trial.ts";

const WORKERS = 16;
const BATCH = 32;
const ROUNDS = 200;
const RATE = 0.1;
const TARGET = 0.9;

const METHODS = [
  { name: `Adasum, lr ${RATE}`, recipe: "adasum:of=gradients", stepSize: RATE },
  { name: `mean, lr ${RATE}`, recipe: "all-reduce-sgd", stepSize: RATE },
  { name: `sum, lr ${RATE}`, recipe: "all-reduce-sgd", stepSize: WORKERS * RATE },
  { name: `mean, lr ${4 * RATE}`, recipe: "all-reduce-sgd", stepSize: 4 * RATE },
] as const;

export const adasumBatch: Experiment = {
  name: "adasum-batch",
  title: "Adasum keeps the step size of one worker where a sum diverges and a mean is slow",
  paper: "arXiv:2006.02924",
  claim:
    "at the step size of one worker Adasum needs at most two thirds of the updates of averaging to the same accuracy, and does not diverge, where the sum of the gradients does",
  setting: `784-32-10 ReLU network, 8000 images of MNIST, ${WORKERS} workers with batch ${BATCH}, ${WORKERS} times the batch of one, ${ROUNDS} updates, updates to a test accuracy of ${TARGET}; the paper has ResNet-50 and BERT-Large on clusters of GPUs`,
  files: IMAGE_FILES,
  run: ({ signal, folder }) =>
    withImages(folder, { model: "mlp:32", batch: BATCH }, async ({ data, model, start, workers }) => {
      const value = async (params: Float32Array) => (await model.evaluate(params, data.test)).accuracy ?? 0;
      const curves: Outcome[] = [];
      const losses: number[] = [];
      for (const method of METHODS) {
        const common = { workers: workers("iid", WORKERS), start, rounds: ROUNDS, every: 5, value, signal };
        const curve = await run({ ...common, ...method });
        curves.push(curve);
        losses.push((await model.evaluate(curve.params, data.train)).loss);
      }
      const updates = curves.map((curve) => reached(curve, TARGET)?.x ?? Number.POSITIVE_INFINITY);
      const [adasum, mean, sum, tuned] = updates as [number, number, number, number];
      const told = curves.map(({ name }, i) => {
        const many = Number.isFinite(updates[i]) ? `${updates[i]} updates` : "never";
        return `${name}: ${many}, training loss at the end ${figures(losses[i]!)}`;
      });
      return {
        measured: told.join("; "),
        holds: adasum <= (2 / 3) * mean && losses[0]! < 0.5 && sum === Number.POSITIVE_INFINITY && losses[2]! > 1,
        reason: `Adasum spares the search for a step size, no more: averaging at a step size of its own, ${4 * RATE}, needs ${tuned} updates, ${tuned < adasum ? "fewer" : "no fewer"} than Adasum`,
        figure: { xLabel: "updates", yLabel: "test accuracy", yScale: "linear", curves },
      };
    }),
};
