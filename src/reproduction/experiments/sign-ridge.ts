/**
 * Two functions of two variables on which every (stochastic) gradient has signs ±(1, −1), so that x_1 + x_2 can never
 * change: f = ε|x_1 + x_2| + |x_1 − x_2|, and f = ⟨a_1, x⟩² + ⟨a_2, x⟩² with one term drawn at a time.
 */
import { Random } from "../../base/random.ts";
import { problemModel, riskModel } from "../../models/problems/analytic-model.ts";
import { crossedRidges } from "../../models/problems/functions.ts";
import { Risk } from "../../models/problems/risk.ts";
import { squares } from "../../models/problems/row-loss.ts";
import { fullBatch, rowsOf } from "../../models/problems/rows.ts";
import { type Experiment, figures, last, tailMean } from "../experiment.ts";
import { run, withoutData } from "../trial.ts";

const EPS = 0.5;

const ridge = crossedRidges(EPS);

export const signRidge: Experiment = {
  name: "sign-ridge",
  title: "A ridge that sign steps never leave",
  paper: "arXiv:1901.09847",
  claim:
    "signSGD keeps x_1 + x_2 = 2 and f ≥ f(x_0) = 1 for ever; EF-signSGD settles about 0.025 above the minimum 0 at γ = 0.01, and reaches 7e-4 with γ = 0.1/√(t + 1)",
  setting: `f = ${EPS}|x_1 + x_2| + |x_1 − x_2|, full subgradients, x_0 = (1, 1), 20,000 steps; one worker`,
  files: [],
  async run({ signal }) {
    const start = [1, 1];
    const common = {
      workers: [withoutData(problemModel(ridge, start))],
      start,
      stepSize: 0.01,
      rounds: 20_000,
      every: 20,
      value: (x: Float32Array) => ridge.at(x),
      signal,
    };
    const sign = await run({ ...common, name: "signSGD", recipe: "compressed-sgd", up: "sign:scale=none" });
    const constant = await run({ ...common, name: "EF-signSGD, γ = 0.01", recipe: "ef-signsgd", up: "sign" });
    const falling = await run({
      ...common,
      name: "EF-signSGD, γ = 0.1/√(t + 1)",
      recipe: "ef-signsgd",
      up: "sign",
      stepSize: 0.1,
      schedule: (round) => 1 / Math.sqrt(round + 1),
    });
    const drift = Math.abs(sign.params[0]! + sign.params[1]! - 2);
    const least = Math.min(...sign.points.map(({ y }) => y));
    const floor = tailMean(constant, 19_000);
    return {
      measured: `signSGD: x_1 + x_2 off 2 by ${figures(drift)}, least f ${figures(least)}; EF-signSGD: ${figures(floor)} and ${figures(last(falling))}`,
      holds: drift < 1e-3 && least > 0.999 && floor < 0.125 && last(falling) < 3.5e-3,
      figure: { xLabel: "steps", yLabel: "f", yScale: "log", curves: [sign, constant, falling] },
    };
  },
};

const STEPS = 2000;

export const signSmooth: Experiment = {
  name: "sign-smooth",
  title: "A smooth sum of squares that sign steps never descend",
  paper: "arXiv:1901.09847",
  claim: "signSGD keeps f ≥ 8ε² = 2; SGD and EF-signSGD converge linearly",
  setting: `f = ⟨a_1, x⟩² + ⟨a_2, x⟩², a = ±(1, −1) + ε(1, 1), ε = ${EPS}, one term drawn a step, x_0 = (1, 1), γ = 0.01 and 0.05, ${STEPS} steps; one worker`,
  files: [],
  async run({ signal }) {
    // ½ s² of the row 2a is 2⟨a, x⟩²: the mean of both rows is f, and the gradient of one is 4⟨a, x⟩a.
    const terms = [
      [2 + 2 * EPS, -2 + 2 * EPS],
      [-2 + 2 * EPS, 2 + 2 * EPS],
    ].map((row) => rowsOf([row]));
    const risk = new Risk(squares);
    const batches = terms.map(fullBatch);
    const rng = Random.fromSeed(1).split("terms");
    const common = {
      workers: [
        {
          model: riskModel("two squares", risk, { width: 2, classes: 2 }),
          batches: { at: (round: number) => batches[rng.below(round, 2)]! },
        },
      ],
      start: [1, 1],
      stepSize: 0.05,
      rounds: STEPS,
      value: (x: Float32Array) => terms.reduce((sum, rows) => sum + risk.at(x, rows) / 2, 0),
      signal,
    };
    const sign = await run({
      ...common,
      name: "signSGD",
      recipe: "compressed-sgd",
      up: "sign:scale=none",
      stepSize: 0.01,
    });
    const sgd = await run({ ...common, name: "SGD", recipe: "sgd" });
    const feedback = await run({ ...common, name: "EF-signSGD", recipe: "ef-signsgd", up: "sign" });
    const least = Math.min(...sign.points.map(({ y }) => y));
    return {
      measured: `least f of signSGD ${figures(least)}; after ${STEPS} steps SGD ${figures(last(sgd))}, EF-signSGD ${figures(last(feedback))}`,
      holds: least > 1.99 && last(sgd) < 1e-60 && last(feedback) < 1e-60,
      reason: "f32 numbers end at 1e-45, their squares at 1e-90",
      figure: { xLabel: "steps", yLabel: "f", yScale: "log", curves: [sign, sgd, feedback] },
    };
  },
};
