/**
 * Methods with a memory of each worker's gradients beside those without, where workers disagree: one way (DIANA), both ways
 * (Artemis), with the model kept at the server (MCM), and with half of the workers in each round.
 */
import { minimum } from "../../models/problems/newton.ts";
import { sampled, sortedLogistic } from "../classification.ts";
import { at, type Bench, type Experiment, figures, last, tailMean } from "../experiment.ts";
import { type Outcome, run } from "../trial.ts";

interface Method {
  readonly name: string;
  readonly recipe: string;
  readonly down?: string;
}

interface Protocol {
  readonly file: string;
  readonly rounds: number;
  /** γL */
  readonly rate: number;
  /** Rows of a mini-batch; all of a worker's if left out. */
  readonly batch?: number;
  readonly methods: readonly Method[];
}

/** f − f* along each method, one level of the ℓ2 norm: ω ≤ √d. */
async function curvesOf(
  { signal, libsvm }: Bench,
  { file, rounds, rate, batch, methods }: Protocol,
): Promise<Outcome[]> {
  const { f, workers: all, curvature, parts } = sortedLogistic(await libsvm(file));
  const workers =
    batch === undefined ? all : all.map(({ model }, i) => ({ model, batches: sampled(parts[i]!, batch, i) }));
  const { value: least } = minimum(f);
  const quantiser = `qsgd:levels=1,bucket=${f.length}`;
  const curves: Outcome[] = [];
  for (const { name, recipe, down } of methods) {
    curves.push(
      await run({
        name,
        recipe,
        workers,
        start: new Float32Array(f.length),
        stepSize: rate / curvature.L,
        rounds,
        every: 15,
        up: recipe === "sgd" ? "identity" : quantiser,
        down: down ?? quantiser,
        value: (x) => f.at(x) - least,
        signal,
      }),
    );
  }
  return curves;
}

const ONE_WAY = { down: "identity" } as const;

const SETTING = "20 workers, rows sorted by label, full gradients, QSGD with one level of the ℓ2 norm, γ = 1/L";
const figureOf = (curves: readonly Outcome[]) =>
  ({ xLabel: "rounds", yLabel: "f − f*", yScale: "log", curves }) as const;
const told = (curves: readonly Outcome[], value: (curve: Outcome) => number): string =>
  curves.map((curve) => `${curve.name} ${figures(value(curve))}`).join(", ");

const ROUNDS = 1500;
/** What linear convergence is below after that many rounds. */
const CONVERGED = 1e-8;

export const artemisMemory: Experiment = {
  name: "artemis-memory",
  title: "Memory turns the floor of different workers into linear convergence",
  paper: "arXiv:2006.14591",
  claim:
    "on mushrooms, methods without memory stop above 1e-3 (QSGD 4e-3, both ways 2.9e-2); DIANA and Artemis converge linearly, below 1e-8 after 1500 rounds",
  setting: `logistic regression on mushrooms, ${SETTING}, ${ROUNDS} rounds`,
  files: ["mushrooms"],
  async run(bench) {
    const methods = [
      { name: "gradient descent", recipe: "sgd", ...ONE_WAY },
      { name: "QSGD", recipe: "compressed-sgd", ...ONE_WAY },
      { name: "DIANA", recipe: "diana", ...ONE_WAY },
      { name: "QSGD both ways", recipe: "compressed-sgd" },
      { name: "Artemis", recipe: "artemis" },
    ];
    const curves = await curvesOf(bench, { file: "mushrooms", rounds: ROUNDS, rate: 1, methods });
    const [, qsgd, diana, both, artemis] = curves as [Outcome, Outcome, Outcome, Outcome, Outcome];
    return {
      measured: told(curves, (curve) => tailMean(curve, 0.9 * ROUNDS)),
      holds:
        [qsgd, both].every((curve) => tailMean(curve, 0.9 * ROUNDS) > 1e-3) &&
        [diana, artemis].every((curve) => last(curve) < CONVERGED),
      figure: figureOf(curves),
    };
  },
};

const BOTH_WAYS: readonly Method[] = [
  { name: "DIANA (one way)", recipe: "diana", ...ONE_WAY },
  { name: "Artemis", recipe: "artemis" },
  { name: "MCM", recipe: "mcm" },
  { name: "Rand-MCM", recipe: "rand-mcm" },
];

export const mcmPreserved: Experiment = {
  name: "mcm-preserved-model",
  title: "With the model kept at the server, both ways cost what one way costs",
  paper: "arXiv:2102.12528",
  claim:
    "MCM and Rand-MCM compress both ways and stay near DIANA, which compresses one way, ahead of Artemis: f − f* after 600 rounds on mushrooms 1.2e-6 and 1.3e-6, DIANA 3.2e-7, Artemis 3.9e-6",
  setting: `logistic regression on mushrooms, ${SETTING}, 900 rounds`,
  files: ["mushrooms"],
  async run(bench) {
    const curves = await curvesOf(bench, { file: "mushrooms", rounds: 900, rate: 1, methods: BOTH_WAYS });
    const [diana, artemis, mcm, randMcm] = curves.map((curve) => at(curve, 600)) as [number, number, number, number];
    return {
      measured: `after 600 rounds ${told(curves, (curve) => at(curve, 600))}`,
      holds: mcm < artemis && randMcm < artemis && mcm < 10 * diana && randMcm < 10 * diana,
      figure: figureOf(curves),
    };
  },
};

const BATCH = 8;
const STOCHASTIC_ROUNDS = 3000;

export const mcmStochastic: Experiment = {
  name: "mcm-stochastic",
  title: "With mini-batches MCM has the floor of one-way compression, Artemis a higher one",
  paper: "arXiv:2102.12528",
  claim:
    "with batches of 8 and γ = 1/(8L), f − f* settles at 1.7e-4 for DIANA (one way), MCM and Rand-MCM alike, and at 1.4e-3 for Artemis, several times higher",
  setting: `logistic regression on mushrooms, ${SETTING.replace("full gradients", `batches of ${BATCH}`).replace("1/L", "1/(8L)")}, ${STOCHASTIC_ROUNDS} rounds, mean over the last third`,
  files: ["mushrooms"],
  async run(bench) {
    const curves = await curvesOf(bench, {
      file: "mushrooms",
      rounds: STOCHASTIC_ROUNDS,
      rate: 1 / 8,
      batch: BATCH,
      methods: BOTH_WAYS,
    });
    const floors = curves.map((curve) => tailMean(curve, (2 / 3) * STOCHASTIC_ROUNDS));
    const [diana, artemis, mcm, randMcm] = floors as [number, number, number, number];
    return {
      measured: curves.map(({ name }, i) => `${name} ${figures(floors[i]!)}`).join(", "),
      holds: artemis > 3 * mcm && artemis > 3 * randMcm && mcm < 2 * diana && randMcm < 2 * diana,
      figure: figureOf(curves),
    };
  },
};

export const artemisParticipation: Experiment = {
  name: "artemis-participation",
  title: "Half of the workers a round: keep the mean of the memories, not each",
  paper: "arXiv:2006.14591",
  claim:
    "with p = 0.5, a server that keeps each worker's memory (PP1) stops at a floor, 2e-4 to 8e-4 for one way and 4e-3 for both; one that keeps their mean (PP2) goes on: at least 100 times lower after 1500 rounds",
  setting: `logistic regression on mushrooms, ${SETTING.replace("1/L", "0.5/L")}, each worker in a round with probability 0.5, ${ROUNDS} rounds`,
  files: ["mushrooms"],
  async run(bench) {
    const methods = [
      { name: "one way, PP1", recipe: "artemis:participation=0.5,keep=each", ...ONE_WAY },
      { name: "one way, PP2", recipe: "artemis:participation=0.5", ...ONE_WAY },
      { name: "both ways, PP1", recipe: "artemis:participation=0.5,keep=each" },
      { name: "both ways, PP2", recipe: "artemis:participation=0.5" },
    ];
    const curves = await curvesOf(bench, { file: "mushrooms", rounds: ROUNDS, rate: 0.5, methods });
    const [one, oneMean, both, bothMean] = curves.map((curve) => tailMean(curve, 0.9 * ROUNDS)) as [
      number,
      number,
      number,
      number,
    ];
    return {
      measured: `mean of the last tenth: ${told(curves, (curve) => tailMean(curve, 0.9 * ROUNDS))}`,
      holds: oneMean < one / 100 && bothMean < both / 100,
      figure: figureOf(curves),
    };
  },
};
