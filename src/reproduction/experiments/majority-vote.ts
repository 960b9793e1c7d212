/**
 * Majority vote: the mean of signs is not the sign of the mean.
 */
import { Random } from "../../base/random.ts";
import { riskModel } from "../../models/problems/analytic-model.ts";
import { Risk } from "../../models/problems/risk.ts";
import { linear } from "../../models/problems/row-loss.ts";
import { fullBatch, rowsOf } from "../../models/problems/rows.ts";
import type { Curve, Experiment } from "../experiment.ts";
import { run, type TrialWorker } from "../trial.ts";

const STEP_SIZE = 0.01;
const ROUNDS = 100;

const risk = new Risk(linear);
const shape = { width: 1, classes: 2 };

/** A worker with gradient `slope(round)` everywhere. */
const sloping = (slope: (round: number) => number): TrialWorker => ({
  model: riskModel("line", risk, shape),
  batches: { at: (round) => fullBatch(rowsOf([[slope(round)]])) },
});

const NOISE = 2;
const VOTES = 4000;
/** P(wrong) of the vote of n workers. */
const WRONG: readonly (readonly [workers: number, probability: number])[] = [
  [1, 0.30854],
  [3, 0.22684],
  [5, 0.17456],
  [9, 0.10961],
  [15, 0.05839],
];

export const majorityVote: Experiment = {
  name: "majority-vote",
  title: "A vote of signs: right under noise, wrong under different data",
  paper: "arXiv:1802.04434",
  claim:
    "under symmetric noise more voters err less often (30.9 % for 1, 22.7 % for 3, 17.5 % for 5, 11.0 % for 9, 5.8 % for 15); for f = 4x, −x, −x, with mean 2x/3, the vote points the wrong way in every round",
  setting: `gradient 1 with noise N(0, ${NOISE}²), ${VOTES} votes for each n; f_i as above from 0, γ = ${STEP_SIZE}, ${ROUNDS} rounds`,
  files: [],
  async run({ signal }) {
    const rates: number[] = [];
    for (const [n] of WRONG) {
      const noisy = Array.from({ length: n }, (_, i) => {
        const rng = Random.fromSeed(1).split(`noise/${i}`);
        return sloping((round) => 1 + NOISE * rng.normal(round));
      });
      // Every step is −1 or +1, and x ends at (wrong votes) − (right votes).
      const trial = { recipe: "majority-vote", workers: noisy, start: [0], stepSize: 1, rounds: VOTES, every: VOTES };
      const { params } = await run({ ...trial, value: (x) => x[0]!, signal });
      rates.push((params[0]! + VOTES) / (2 * VOTES));
    }
    const common = {
      workers: [4, -1, -1].map((slope) => sloping(() => slope)),
      start: [0],
      stepSize: STEP_SIZE,
      rounds: ROUNDS,
      value: (x: Float32Array) => x[0]!,
      signal,
    };
    const vote: Curve = await run({ ...common, name: "majority vote", recipe: "majority-vote" });
    const sgd: Curve = await run({ ...common, name: "SGD", recipe: "sgd" });
    const uphill = vote.points.every(({ y }, t) => t === 0 || y > vote.points[t - 1]!.y);
    const downhill = sgd.points.every(({ y }, t) => t === 0 || y < sgd.points[t - 1]!.y);
    return {
      measured: `wrong votes ${rates.map((rate, i) => `${(100 * rate).toFixed(1)} % for ${WRONG[i]![0]}`).join(", ")}; on f = 4x, −x, −x the vote went ${uphill ? "uphill" : "downhill"} in all rounds, SGD ${downhill ? "downhill" : "uphill"}`,
      holds: uphill && downhill && rates.every((rate, i) => Math.abs(rate - WRONG[i]![1]) < 0.025),
      figure: { xLabel: "rounds", yLabel: "x, with mean loss 2x/3", yScale: "linear", curves: [vote, sgd] },
    };
  },
};
