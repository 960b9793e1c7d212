/**
 * Noise on one entry of a hundred: f = ‖x‖²/2, gradient x + (100 ξ, 0, …, 0). Signs do not feel how large it is.
 */
import { Random } from "../../base/random.ts";
import { riskModel } from "../../models/problems/analytic-model.ts";
import { Risk } from "../../models/problems/risk.ts";
import { linear } from "../../models/problems/row-loss.ts";
import { fullBatch, rowsOf } from "../../models/problems/rows.ts";
import { type Experiment, figures } from "../experiment.ts";
import { run, type Trial } from "../trial.ts";

const DIMENSION = 100;
const NOISE = 100;
const STEPS = 100;
const SEEDS = 100;

/** ⟨ξ, x⟩ + ‖x‖²/2: the gradient is x + ξ. */
const risk = new Risk(linear, { l2: 1 });

const METHODS = [
  { name: "SGD", recipe: "sgd", up: "identity" },
  { name: "EF-signSGD", recipe: "ef-signsgd", up: "sign" },
  { name: "scaled sign", recipe: "compressed-sgd", up: "sign" },
  { name: "signSGD", recipe: "compressed-sgd", up: "sign:scale=none" },
] as const;

export const sparseNoise: Experiment = {
  name: "sparse-noise",
  title: "Sparse noise: signs are fast, error feedback follows SGD",
  paper: "arXiv:1901.09847",
  claim:
    "sign methods are fast here because they do not feel the size of the noise; EF-signSGD goes the way of SGD and is several times slower than they are",
  setting: `f = ‖x‖²/2, d = ${DIMENSION}, noise N(0, ${NOISE}²) on entry 0, x_0 ~ N(0, I), γ = 0.01, ${STEPS} steps, mean of ${SEEDS} seeds; one worker`,
  files: [],
  async run({ signal }) {
    const curves = METHODS.map(({ name }) => ({
      name,
      points: Array.from({ length: STEPS + 1 }, (_, x) => ({ x, y: 0 })),
    }));
    for (let seed = 0; seed < SEEDS; seed++) {
      const rng = Random.fromSeed(seed);
      const noise = rng.split("noise");
      const batchOf = (round: number) => {
        const row = new Array<number>(DIMENSION).fill(0);
        row[0] = NOISE * noise.normal(round);
        return fullBatch(rowsOf([row]));
      };
      const start = Float32Array.from({ length: DIMENSION }, (_, j) => rng.split("start").normal(j));
      for (const [i, method] of METHODS.entries()) {
        const trial: Trial = {
          ...method,
          workers: [{ model: riskModel("‖x‖²/2", risk, { width: DIMENSION, classes: 2 }), batches: { at: batchOf } }],
          start,
          stepSize: 0.01,
          rounds: STEPS,
          value: (x) => x.reduce((sum, entry) => sum + entry ** 2, 0) / 2,
          signal,
        };
        const { points } = await run(trial);
        for (const [k, { y }] of points.entries()) curves[i]!.points[k]!.y += y / SEEDS;
      }
    }
    const losses = curves.map(({ points }) => points.at(-1)!.y);
    const [sgd, feedback, scaled, sign] = losses as [number, number, number, number];
    return {
      measured: losses.map((loss, i) => `${METHODS[i]!.name} ${figures(loss)}`).join(", "),
      holds: feedback > 2 * Math.max(scaled, sign) && feedback > sgd / 2 && feedback < 2 * sgd,
      figure: { xLabel: "steps", yLabel: "mean loss", yScale: "log", curves },
    };
  },
};
