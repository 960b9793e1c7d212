/**
 * Over-parametrised least squares: all methods fit the training half, but only those that stay in the span of its rows
 * predict the other half.
 */
import { Random } from "../../base/random.ts";
import { minimum } from "../../models/problems/newton.ts";
import type { Problem } from "../../models/problems/problem.ts";
import { Risk } from "../../models/problems/risk.ts";
import { squares } from "../../models/problems/row-loss.ts";
import { type Rows, sparseRows } from "../../models/problems/rows.ts";
import { federation } from "../classification.ts";
import { type Experiment, figures, last } from "../experiment.ts";
import { type Outcome, run } from "../trial.ts";

const POINTS = 200;
const WIDTH = 6 * POINTS;
const STEPS = 2000;

export const signGeneralisation: Experiment = {
  name: "sign-generalisation",
  title: "Sign steps fit the training data and predict nothing",
  paper: "arXiv:1901.09847",
  claim:
    "all reach training loss 0; the test loss is 0.001 for SGD and for EF with scaled signs, 0.66 to 0.75 for scaled signs alone, which end about 4.1 away from the span of the data",
  setting: `least squares, ${POINTS} points in d = ${WIDTH}, half of them to train, full gradients, x_0 = 0, ${STEPS} steps; one worker`,
  files: [],
  async run({ signal }) {
    const { train, test } = halves();
    const risk = new Risk(squares);
    const { workers } = federation(risk, [train]);
    const common = {
      workers,
      start: new Float32Array(WIDTH),
      rounds: STEPS,
      every: 10,
      value: (x: Float32Array) => 2 * risk.at(x, test),
      signal,
    };
    const sgd = await run({ ...common, name: "SGD", recipe: "sgd", stepSize: 0.5 });
    const sign = await run({ ...common, name: "scaled sign", recipe: "compressed-sgd", up: "sign", stepSize: 10 });
    const feedback = await run({ ...common, name: "EF, scaled sign", recipe: "ef-sgd", up: "sign", stepSize: 10 });
    // Entries that no training row touches have gradient 0: k = all others makes STC the scaled sign with sign(0) = 0.
    const touched = touchedBy(train);
    const ternary = await run({
      ...common,
      name: "scaled sign, sign(0) = 0",
      recipe: "compressed-sgd",
      up: `stc:${(touched + 0.5) / WIDTH}`,
      stepSize: (10 * touched) / WIDTH,
    });
    const tell = (curve: Outcome) => {
      const [fit, away] = [2 * risk.at(curve.params, train), distanceToSpan(curve.params, train)];
      return { fit, away, text: `${curve.name}: ${figures(fit)}, ${figures(last(curve))}, ${figures(away)}` };
    };
    const told = [sgd, feedback, ternary, sign].map(tell);
    return {
      measured: `training loss, test loss, distance to the span: ${told.map(({ text }) => text).join("; ")}`,
      holds:
        told.every(({ fit }) => fit < 1e-6) &&
        last(sgd) < 0.01 &&
        last(feedback) < 0.01 &&
        told[1]!.away < 1e-3 &&
        last(ternary) > 0.5 &&
        told[2]!.away > 1 &&
        told[3]!.away > 1,
      reason:
        "losses are mean squares; with one bit an entry sign(0) is +1, entries without a gradient drift off together, and that happens to help half of the test points",
      figure: { xLabel: "steps", yLabel: "test loss", yScale: "log", curves: [sgd, feedback, ternary, sign] },
    };
  },
};

/** y = ±1; x_0 = y, x_1 = x_2 = 1, then a block of five of its own: (1, 0, 0, 0, 0) of y = 1, all ones of y = −1. */
function halves(): { train: Rows; test: Rows } {
  const rng = Random.fromSeed(1).split("generalisation");
  const inputs = new Float32Array(POINTS * WIDTH);
  const targets = Int32Array.from({ length: POINTS }, (_, i) => rng.split("labels").below(i, 2));
  for (const [i, positive] of targets.entries()) {
    const row = inputs.subarray(i * WIDTH, (i + 1) * WIDTH);
    row.set([2 * positive - 1, 1, 1]);
    row.set(positive === 1 ? [1] : [1, 1, 1, 1, 1], 3 + 5 * i);
  }
  const data = { name: "generalisation", rows: POINTS, inputShape: [WIDTH], inputs, targets, classes: 2 };
  const order = rng.split("halves").permutation(POINTS);
  return { train: sparseRows(data, order.slice(0, POINTS / 2)), test: sparseRows(data, order.slice(POINTS / 2)) };
}

/** Columns that are not 0 in some row. */
function touchedBy(rows: Rows): number {
  const sum = new Float64Array(rows.width);
  for (let row = 0; row < rows.count; row++) rows.addTo(sum, row, 1 + row / rows.count);
  return sum.filter((entry) => entry !== 0).length;
}

/** min over c of ‖Zᵀc − x‖ */
function distanceToSpan(x: Float32Array, rows: Rows): number {
  const combined = (c: ArrayLike<number>): Float64Array => {
    const out = new Float64Array(rows.width);
    for (let row = 0; row < rows.count; row++) rows.addTo(out, row, c[row]!);
    return out;
  };
  const scores = (z: Float64Array) => Float64Array.from({ length: rows.count }, (_, row) => rows.score(row, z));
  const misfit: Problem = {
    name: "distance to the span",
    length: rows.count,
    constants: {},
    at(c, gradient) {
      const rest = combined(c).map((entry, j) => entry - x[j]!);
      gradient?.set(scores(rest));
      return rest.reduce((sum, entry) => sum + entry ** 2, 0) / 2;
    },
    hessianTimes: (_, v, out) => out.set(scores(combined(v))),
  };
  return Math.sqrt(2 * minimum(misfit).value);
}
