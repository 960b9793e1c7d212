/**
 * Quantised gradients without memory stop at a floor that falls with the number of levels.
 */
import { minimum } from "../../models/problems/newton.ts";
import { sortedLogistic } from "../classification.ts";
import { type Experiment, figures, tailMean } from "../experiment.ts";
import { type Outcome, run } from "../trial.ts";

const LEVELS = [1, 2, 4, 8, 16];
const ROUNDS = 800;

export const qsgdFloor: Experiment = {
  name: "qsgd-floor",
  title: "The floor of QSGD falls with its levels",
  paper: "arXiv:1610.02132",
  claim:
    "without memory f − f* stops at a floor that falls with every doubling of the levels s, from 4.1e-3 at s = 1 to 4.5e-5 at s = 16, at least 30 times lower",
  setting: `logistic regression on mushrooms sorted by label, 20 workers, full gradients, γ = 1/L, mean over rounds 400 to ${ROUNDS}`,
  files: ["mushrooms"],
  async run({ signal, libsvm }) {
    const { f, workers, curvature } = sortedLogistic(await libsvm("mushrooms"));
    const { value: least } = minimum(f);
    const curves: Outcome[] = [];
    for (const levels of LEVELS) {
      const trial = { recipe: "compressed-sgd", up: `qsgd:levels=${levels},bucket=${f.length}`, workers, signal };
      const value = (x: Float32Array) => f.at(x) - least;
      const start = new Float32Array(f.length);
      const common = { start, stepSize: 1 / curvature.L, rounds: ROUNDS, every: 8, value };
      curves.push(await run({ ...trial, ...common, name: `s = ${levels}` }));
    }
    const floors = curves.map((curve) => tailMean(curve, 400));
    return {
      measured: floors.map((floor, i) => `s = ${LEVELS[i]}: ${figures(floor)}`).join(", "),
      holds: floors.every((floor, i) => i === 0 || floor < floors[i - 1]!) && floors[4]! < floors[0]! / 30,
      figure: { xLabel: "rounds", yLabel: "f − f*", yScale: "log", curves },
    };
  },
};
