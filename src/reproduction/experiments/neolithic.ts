/**
 * Error feedback at one end, at both ends, with R messages for each vector, and EF21, at equal numbers of messages.
 */
import { minimum } from "../../models/problems/newton.ts";
import { sortedLogistic } from "../classification.ts";
import { at, type Bench, type Experiment, figures, tailMean } from "../experiment.ts";
import { type Outcome, run } from "../trial.ts";

/** Per worker and direction. */
const MESSAGES = 2000;
const COMPRESSOR = "top-k:11";

interface Method {
  readonly name: string;
  readonly recipe: string;
  readonly down: string;
  /** Messages a round. */
  readonly steps?: number;
}

const METHODS: readonly Method[] = [
  { name: "top-k both ways, no memory", recipe: "compressed-sgd", down: COMPRESSOR },
  { name: "EF at the workers", recipe: "ef-sgd", down: "identity" },
  { name: "DoubleSqueeze", recipe: "double-squeeze", down: COMPRESSOR },
  { name: "NEOLITHIC, R = 2", recipe: "neolithic:steps=2", down: COMPRESSOR, steps: 2 },
  { name: "NEOLITHIC, R = 4", recipe: "neolithic:steps=4", down: COMPRESSOR, steps: 4 },
  { name: "EF21", recipe: "ef21:init=full", down: "identity" },
  { name: "EF21 both ways", recipe: "ef21:init=full", down: COMPRESSOR },
];

export const neolithicMessages: Experiment = {
  name: "neolithic-messages",
  title: "Two-pass error feedback, NEOLITHIC and EF21 at equal messages",
  paper: "arXiv:2206.03665",
  claim:
    "after 2000 messages compression without memory is at 5.1e-2, EF at 7e-5, DoubleSqueeze at 4.9e-5 (a second pass costs nothing), NEOLITHIC at 1e-5 with R = 2 and 1.5e-6 with R = 4 (lower floor, slower start), EF21 at f* one way or both",
  setting: `logistic regression on mushrooms sorted by label, 20 workers, full gradients, γ = 1/L, top-11 of 112; f − f* against messages per worker`,
  files: ["mushrooms"],
  async run({ signal, libsvm }: Bench) {
    const { f, workers, curvature } = sortedLogistic(await libsvm("mushrooms"));
    const { value: least } = minimum(f);
    const curves: Outcome[] = [];
    for (const { name, recipe, down, steps = 1 } of METHODS) {
      const outcome = await run({
        name,
        recipe,
        workers,
        start: new Float32Array(f.length),
        stepSize: 1 / curvature.L,
        rounds: MESSAGES / steps,
        every: 20 / steps,
        up: COMPRESSOR,
        down,
        value: (x) => f.at(x) - least,
        signal,
      });
      curves.push({ ...outcome, points: outcome.points.map((point) => ({ ...point, x: steps * point.x })) });
    }
    const floors = curves.map((curve) => tailMean(curve, 0.95 * MESSAGES)) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const [plain, feedback, squeeze, two, four, ef21, bothEf21] = floors;
    return {
      measured: curves.map(({ name }, i) => `${name} ${figures(floors[i]!)}`).join(", "),
      holds:
        plain > 1e-2 &&
        squeeze < 5 * feedback &&
        two < squeeze &&
        four < two &&
        at(curves[4]!, 400) > at(curves[2]!, 400) &&
        Math.max(ef21, bothEf21) < 1e-9,
      reason: "each sample of NEOLITHIC is the full gradient, so its R gradients a round are equal",
      figure: { xLabel: "messages up per worker", yLabel: "f − f*", yScale: "log", curves },
    };
  },
};
