/**
 * A line on which sign steps walk uphill: f = x/4 on [−1, 1], whose stochastic gradient is 4 once in four draws, else −1.
 * The mean is 1/4, but the sign is −1 three times in four.
 */
import { Random } from "../../base/random.ts";
import { riskModel } from "../../models/problems/analytic-model.ts";
import { Risk } from "../../models/problems/risk.ts";
import { linear } from "../../models/problems/row-loss.ts";
import { fullBatch, rowsOf } from "../../models/problems/rows.ts";
import { type Curve, type Experiment, last } from "../experiment.ts";
import { run } from "../trial.ts";

const STEP_SIZE = 0.01;
const ROUNDS = 2000;
const SEEDS = 30;
const EVERY = 20;

const risk = new Risk(linear);
const draws = [4, -1, -1, -1].map((slope) => fullBatch(rowsOf([[slope]])));

export const signDrift: Experiment = {
  name: "sign-drift",
  title: "Signs of skewed noise walk to the wrong end",
  paper: "arXiv:1901.09847",
  claim:
    "signSGD goes to +1, the maximum (0.995 on average), SGD and EF-signSGD go towards −1 (both −0.917 after 2000 steps)",
  setting: `f = x/4 on [−1, 1], gradient 4 with probability 1/4 and −1 else, x_0 = 0, γ = ${STEP_SIZE}, mean of ${SEEDS} seeds; one worker`,
  files: [],
  async run({ signal }) {
    const meanOf = async (name: string, recipe: string, up: string): Promise<Curve> => {
      const curves: Curve[] = [];
      for (let seed = 0; seed < SEEDS; seed++) {
        const rng = Random.fromSeed(seed).split("draws");
        const batches = { at: (round: number) => draws[rng.below(round, draws.length)]! };
        const model = riskModel("x/4", risk, { width: 1, classes: 2 });
        const value = (x: Float32Array) => x[0]!;
        const trial = { recipe, up, workers: [{ model, batches }], start: [0], stepSize: STEP_SIZE, rounds: ROUNDS };
        curves.push(await run({ ...trial, project: clamp, value, every: EVERY, signal }));
      }
      const points = curves[0]!.points.map(({ x }, k) => ({
        x,
        y: curves.reduce((sum, curve) => sum + curve.points[k]!.y, 0) / SEEDS,
      }));
      return { name, points };
    };
    const sign = await meanOf("signSGD", "compressed-sgd", "sign:scale=none");
    const sgd = await meanOf("SGD", "sgd", "identity");
    const feedback = await meanOf("EF-signSGD", "ef-signsgd", "sign");
    return {
      measured: `signSGD ${last(sign).toFixed(3)}, SGD ${last(sgd).toFixed(3)}, EF-signSGD ${last(feedback).toFixed(3)}`,
      holds: last(sign) > 0.9 && [sgd, feedback].every((curve) => Math.abs(last(curve) + 0.917) < 0.03),
      reason: "in one dimension the scaled sign is exact, so EF-signSGD is SGD here",
      figure: { xLabel: "steps", yLabel: "mean of x (minimum at −1)", yScale: "linear", curves: [sign, sgd, feedback] },
    };
  },
};

function clamp(x: Float32Array): void {
  x[0] = Math.max(-1, Math.min(1, x[0]!));
}
