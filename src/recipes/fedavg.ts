/**
 * FedAvg: in each round some of the clients train for E epochs of their own rows, and the server steps along the mean of the
 * way that they came, each counted by its rows.
 *
 *     client k:  y_k = x, E epochs or K steps;  Δ_k = x − y_k               → server
 *     server:    Δ = Σ p_k Δ_k, p_k ∝ rows of k;  w ← outer(w, Δ, γ);  w   → the clients of the round; others later
 *
 * With outer=sgd and γ = 1 the server's model is the mean of the clients' models. Clients keep nothing between rounds. Where
 * only some take part, p_k is the share in the rows that are expected, so that Δ is unbiased.
 *
 *     FedAvgM      --momentum 0.9@server
 *     FedAdam      outer=(adam:b2=0.99,eps=0.001,correct=false),outer-rate=0.01          ε is the paper's τ
 *     FedYogi      outer=(yogi:b2=0.99,eps=0.001,correct=false),outer-rate=0.01
 *     FedAdagrad   outer=(adagrad:eps=0.001),outer-rate=0.01
 *     FedProx      proximal=0.01: each local gradient has ρ (y − x) added
 *     FedNova      normalise=true: Δ_k/K_k Σ_j p_j K_j, so that clients with more steps do not pull the optimum to theirs
 *
 * A compressed way down keeps the server's model exact (`channels/preserved-model.ts`); up, differences have error feedback.
 * @see McMahan, Moore, Ramage, Hampson & Agüera y Arcas 2016, arXiv:1602.05629
 * @see Reddi et al. 2020, "Adaptive Federated Optimization", arXiv:2003.00295
 * @see Hsu, Qi & Brown 2019 (FedAvgM), arXiv:1909.06335; Wang, Liu, Liang, Joshi & Poor 2020 (FedNova), arXiv:2007.07481
 */
import { mean } from "../aggregators/mean.ts";
import { weightedMean } from "../aggregators/weighted-mean.ts";
import { direct } from "../channels/direct.ts";
import { preservedModel } from "../channels/preserved-model.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeDifferences } from "./exchange-differences.ts";
import { driftsApart, outerOf, outerOptions, remembering } from "./local-recipe.ts";
import { every } from "./local-steps.ts";
import type { Trainee } from "./method.ts";
import { choice, flag, number, optionalNumber, participation } from "./options.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { notContractive, someOf } from "./server-recipe.ts";

export const fedAvg: Recipe = defineRecipe({
  name: "fedavg",
  summary: "epochs of local steps at some of the clients, weighted by rows; server optimizers",
  paper: "arXiv:1602.05629",
  assumes: "clients of one distribution, or few local steps",
  defaults: { up: "identity", down: "identity", momentum: "server", factor: 0 },
  compresses: "up",
  options: {
    participation,
    epochs: number("E, passes over a client's rows in a round", 1, { above: 0, max: 1e6 }),
    steps: optionalNumber("K, local steps in place of epochs", { integer: true, min: 1, max: 1e6 }),
    weights: choice("what p_k goes by, unless --aggregator says more", ["rows", "equal"]),
    proximal: number("ρ of FedProx", 0, { min: 0 }),
    normalise: flag("FedNova's mean of differences a step", false),
    ...outerOptions(),
  },
  warnings: (use, { steps }) => [
    ...notContractive("fedavg", { ...use, down: use.up }),
    ...driftsApart("fedavg", steps ?? Number.POSITIVE_INFINITY, use),
  ],
  build({ up, down, aggregate }, { participation: share, weights, normalise, outer, ...options }) {
    const { epochs, steps, proximal, "outer-rate": stepSize } = options;
    const byRows = weights === "rows";
    const stepsOf = ({ batches }: Trainee, rows: number): number =>
      steps ?? Math.max(1, Math.round((epochs * rows) / (batches?.size ?? batches?.at(0).size ?? 1)));
    /** Σ_j p_j K_j / K_k */
    const evenly = (trainee: Trainee): number => {
      const { own, all } = rowsOf(trainee);
      const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
      const p = byRows ? all : all.map(() => 1);
      return sum(all.map((rows, j) => p[j]! * stepsOf(trainee, rows))) / sum(p) / stepsOf(trainee, own);
    };
    return exchangeDifferences(
      parameterServer({
        up: remembering(up),
        down: down.law.kind === "exact" ? direct(down) : preservedModel(down),
        aggregate: byRows && aggregate === mean ? weightedMean : aggregate,
        ...someOf(share),
      }),
      {
        steps: (trainee) => every(stepsOf(trainee, rowsOf(trainee).own)),
        state: "reset",
        proximal,
        ...(normalise && { scale: evenly }),
        outer: outerOf(outer),
        stepSize,
        outerSteps: "server",
      },
    );
  },
});

/** Rows of this client, and of all. */
function rowsOf({ peer, settings }: Trainee): { own: number; all: readonly number[] } {
  const { weightOf = () => 1 } = settings;
  return { own: weightOf(peer.id), all: peer.view.workers.map(weightOf) };
}
