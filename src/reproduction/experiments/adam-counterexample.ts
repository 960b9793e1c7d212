/**
 * Losses on which Adam walks to the wrong end: f_t = 1010x once in 101 steps, else −10x, on [−1, 1]. The sum falls towards
 * x = −1, but the rare large gradient is scaled down by itself.
 */
import { riskModel } from "../../models/problems/analytic-model.ts";
import { Risk } from "../../models/problems/risk.ts";
import { linear } from "../../models/problems/row-loss.ts";
import { fullBatch, rowsOf } from "../../models/problems/rows.ts";
import { at, type Experiment } from "../experiment.ts";
import { type Outcome, run } from "../trial.ts";

const PERIOD = 101;
const [large, small] = [1010, -10].map((slope) => fullBatch(rowsOf([[slope]])));
const STEPS = 1000 * PERIOD;
const MARKS = [1, 10, 100, 1000].map((periods) => periods * PERIOD);

interface Method {
  readonly name: string;
  readonly optimizer: string;
  /** 1/√t, where the optimizer does not do that by itself. */
  readonly schedule?: (round: number) => number;
  /** x after 101, 1010, 10,100 and 101,000 steps. */
  readonly expected: readonly number[];
}

const schedule = (round: number): number => 1 / Math.sqrt(round + 1);

const METHODS: readonly Method[] = [
  {
    name: "Adam",
    optimizer: "adam:b1=0.9,b2=0.99,eps=0,correct=false",
    schedule,
    expected: [-0.4107752956, -0.1354452687, 1, 1],
  },
  {
    name: "AMSGrad",
    optimizer: "amsgrad:form=original,b1=0.9,b2=0.99,eps=0",
    schedule,
    expected: [-0.5692993089, -0.7087626958, -0.7977556364, -0.9784481717],
  },
  {
    name: "Generic Adam, 1 − θ_t = 0.9/t",
    optimizer: "generic-adam:theta=0.9,eps=1e-8",
    expected: [-0.08977697129, -0.1210913665, -0.1917850286, -0.4057893402],
  },
];

export const adamCounterexample: Experiment = {
  name: "adam-counterexample",
  title: "Adam walks to the wrong end, AMSGrad and Generic Adam to the right one",
  paper: "arXiv:1904.09237, arXiv:1811.09358",
  claim: `after ${MARKS.join(", ")} steps x is ${METHODS.map(({ name, expected }) => `${expected.map((x) => x.toFixed(3)).join(", ")} (${name})`).join("; ")}; the best x is −1`,
  setting:
    "f_t = 1010x if t mod 101 = 1 else −10x on [−1, 1], β₁ = 0.9, β₂ = 0.99, α_t = 0.5/√t, no bias correction, x_1 = 0; one worker",
  files: [],
  async run({ signal }) {
    const model = riskModel("alternating line", new Risk(linear), { width: 1, classes: 2 });
    const batches = { at: (round: number) => (round % PERIOD === 0 ? large! : small!) };
    const curves: Outcome[] = [];
    for (const { expected: _, ...method } of METHODS) {
      const trial = { recipe: "sgd", workers: [{ model, batches }], start: [0], stepSize: 0.5, rounds: STEPS };
      const value = (x: Float32Array) => x[0]!;
      curves.push(await run({ ...trial, ...method, project: clamp, every: PERIOD, value, signal }));
    }
    const found = curves.map((curve) => MARKS.map((mark) => at(curve, mark)));
    return {
      measured: curves.map(({ name }, i) => `${name} ${found[i]!.map((x) => x.toFixed(3)).join(", ")}`).join("; "),
      holds: METHODS.every(({ expected }, i) => expected.every((x, k) => Math.abs(x - found[i]![k]!) < 2e-3)),
      figure: { xLabel: "steps", yLabel: "x (best at −1)", yScale: "linear", curves },
    };
  },
};

function clamp(x: Float32Array): void {
  x[0] = Math.max(-1, Math.min(1, x[0]!));
}
