/**
 * A loss whose curvature grows with its gradient, f = eˣ + e⁻ˣ: no step size is small enough everywhere.
 */
import { NonFiniteError } from "../../base/errors.ts";
import { problemModel } from "../../models/problems/analytic-model.ts";
import { exponential } from "../../models/problems/functions.ts";
import { at, type Experiment, figures } from "../experiment.ts";
import { run, withoutData } from "../trial.ts";

const START = 10;
const STEPS = 200;

export const unboundedSmoothness: Experiment = {
  name: "unbounded-smoothness",
  title: "Clipping and signs cope with curvature that grows with the gradient",
  paper: "arXiv:2208.11195",
  claim:
    "from x = 10 with η = 0.1, gradient descent jumps to −2193 and overflows; with clipped steps |x| < 1e-10 after 200, Generalised SignSGD is at 0.592 after 100 and within 2e-3 after 200",
  setting: `f = eˣ + e⁻ˣ ((L0, L1)-smooth with L0 = 2, L1 = 1), clipping at ‖g‖ = 1, β₁ = 0.9, β₂ = 0.5, ${STEPS} steps; one worker`,
  files: [],
  async run({ signal }) {
    const problem = exponential();
    const common = {
      recipe: "sgd",
      workers: [withoutData(problemModel(problem, [START]))],
      start: [START],
      stepSize: 0.1,
      rounds: STEPS,
      value: (x: Float32Array) => Math.abs(x[0]!),
      signal,
    };
    const first = await run({ ...common, rounds: 1 });
    const overflows = await run(common).then(
      () => false,
      (error: unknown) => {
        if (error instanceof NonFiniteError) return true;
        throw error;
      },
    );
    const clipped = await run({ ...common, name: "clipped gradient descent", optimizer: "sgd:clip=1" });
    const optimizer = "generalised-signsgd:b1=0.9,b2=0.5,eps=0";
    const signs = await run({ ...common, name: "Generalised SignSGD", optimizer });
    const [landed] = first.params as unknown as [number];
    return {
      measured: `gradient descent jumps to ${landed.toFixed(0)} and ${overflows ? "is stopped by a gradient that is not finite" : "goes on"}; clipped ${figures(at(clipped, STEPS))}; Generalised SignSGD ${figures(at(signs, 100))} and ${figures(at(signs, STEPS))}`,
      holds:
        Math.abs(landed + 2192.65) < 0.1 &&
        overflows &&
        at(clipped, STEPS) < 1e-10 &&
        Math.abs(at(signs, 100) - 0.592) < 1e-2 &&
        at(signs, STEPS) < 2e-3,
      figure: {
        xLabel: "steps",
        yLabel: "|x|",
        yScale: "log",
        curves: [{ name: "gradient descent (then overflow)", points: first.points }, clipped, signs],
      },
    };
  },
};
