/**
 * Three workers on which plain top-1 compression runs away from the optimum at every step size.
 *
 * f_1 = ⟨a, x⟩² + ‖x‖²/4, f_2 and f_3 alike with b and c. At x = t(1, 1, 1) each worker's largest entry is −11t/2, on an
 * entry of its own, so that the mean of what is kept is −(11/6)x: x_k = (1 + 11γ/6)^k x_0 for every γ > 0.
 */
import { Risk } from "../../models/problems/risk.ts";
import { squares } from "../../models/problems/row-loss.ts";
import { rowsOf } from "../../models/problems/rows.ts";
import { federation } from "../classification.ts";
import { at, type Experiment, figures, last } from "../experiment.ts";
import { run } from "../trial.ts";

const VECTORS = [
  [-3, 2, 2],
  [2, -3, 2],
  [2, 2, -3],
];
const STEP_SIZE = 0.01;
const ROUNDS = 2000;
/** Rounds of the run that diverges. */
const SHOWN = 400;

export const dcgdDivergence: Experiment = {
  name: "dcgd-divergence",
  title: "Top-1 without memory diverges on three workers",
  paper: "arXiv:2002.12410",
  claim:
    "compressed gradient descent with top-1 multiplies x by 1 + 11γ/6 every round (1.19922 in ten rounds of γ = 0.01), while EF and EF21 converge linearly from the same point",
  setting: `n = d = 3, f_i = ⟨a_i, x⟩² + ‖x‖²/4, x_0 = (1, 1, 1), γ = ${STEP_SIZE}, ${ROUNDS} rounds`,
  files: [],
  async run({ signal }) {
    // ½ s² of the row √2 a is ⟨a, x⟩².
    const parts = VECTORS.map((vector) => rowsOf([vector.map((entry) => Math.SQRT2 * entry)]));
    const { workers } = federation(new Risk(squares, { l2: 0.5 }), parts);
    const common = {
      workers,
      start: [1, 1, 1],
      stepSize: STEP_SIZE,
      rounds: ROUNDS,
      up: "top-k:1",
      value: (x: Float32Array) => Math.hypot(...x) / Math.sqrt(3),
      signal,
    };
    const plain = await run({ ...common, name: "top-1 alone", recipe: "compressed-sgd", rounds: SHOWN });
    const feedback = await run({ ...common, name: "EF", recipe: "ef-sgd" });
    const ef21 = await run({ ...common, name: "EF21", recipe: "ef21" });
    const growth = at(plain, 10);
    return {
      measured: `x grew ${growth.toFixed(5)} times in ten rounds and ${figures(last(plain))} times in ${SHOWN}; after ${ROUNDS} rounds EF is at ${figures(last(feedback))}, EF21 at ${figures(last(ef21))} of the start`,
      holds: Math.abs(growth - 1.1992220316) < 1e-5 && last(plain) > 1e3 && last(feedback) < 1e-8 && last(ef21) < 1e-6,
      reason:
        "the server of EF21 adds up corrections in f32, whose rounding stays: its floor is near 1e-7 of the start",
      figure: { xLabel: "rounds", yLabel: "‖x − x*‖ / ‖x₀ − x*‖", yScale: "log", curves: [plain, feedback, ef21] },
    };
  },
};
