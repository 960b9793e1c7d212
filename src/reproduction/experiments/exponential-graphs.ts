/**
 * D-PSGD on exponential graphs, on a ring and on the complete graph, with rows dealt at random and by label.
 */
import { minimum } from "../../models/problems/newton.ts";
import { batchLogistic, type Deal } from "../classification.ts";
import { type Experiment, figures, last } from "../experiment.ts";
import { consensusDistance, type Outcome, run } from "../trial.ts";

const WORKERS = 16;
const ROUNDS = 2000;
const GRAPHS = ["complete", "exponential", "one-peer-exponential", "ring"] as const;
const DEALS: readonly Deal[] = ["iid", "sorted"];

export const exponentialGraphs: Experiment = {
  name: "exponential-graphs",
  title: "An exponential graph mixes like the complete one, a ring does not",
  paper: "arXiv:2110.13363",
  claim:
    "rows at random: f − f* is 6.4e-3 on every graph; sorted by label: complete 6.9e-3, exponential 7.0e-3, ring 1.8e-2, more than twice the complete graph's, with a consensus distance of 0.0097, 0.0138 and 0.69; the one-peer graph, with one message a round, is nearer to the static one than to the ring in both",
  setting: `logistic regression on a9a with a column of ones, rows divided by their mean norm, λ = 1e-4, ${WORKERS} peers with batch 8, γ = 1/√(1 + t/500), ${ROUNDS} rounds`,
  files: ["a9a"],
  async run({ signal, libsvm }) {
    const data = await libsvm("a9a");
    const curves: Outcome[] = [];
    for (const deal of DEALS) {
      const { f, workers } = batchLogistic(data, { workers: WORKERS, batch: 8, deal });
      const { value: least } = minimum(f);
      for (const graph of GRAPHS) {
        curves.push(
          await run({
            name: `${graph}, ${deal}`,
            recipe: `d-psgd:topology=${graph}`,
            workers,
            start: new Float32Array(f.length),
            stepSize: 1,
            schedule: (round) => 1 / Math.sqrt(1 + round / 500),
            rounds: ROUNDS,
            every: 100,
            value: (x) => f.at(x) - least,
            signal,
          }),
        );
      }
    }
    const gaps = curves.map(last);
    const [iid, [complete, exponential, onePeer, ring]] = [gaps.slice(0, 4), gaps.slice(4) as Four];
    const spreads = curves.map(({ params, models }) => consensusDistance(params, models));
    const [, spreadExponential, spreadOnePeer, spreadRing] = spreads.slice(4) as Four;
    const told = curves.map(({ name, bytesUp }, i) => {
      return `${name} ${figures(gaps[i]!)} (Ξ ${figures(spreads[i]!)}, ${(bytesUp / 1e6).toFixed(1)} MB)`;
    });
    return {
      measured: `f − f*, consensus distance and bytes a peer sent: ${told.join("; ")}`,
      holds:
        Math.max(...iid) < 1.05 * Math.min(...iid) &&
        exponential < 1.1 * complete &&
        ring > 2 * complete &&
        onePeer - exponential < ring - onePeer &&
        spreadRing > 20 * spreadExponential &&
        spreadRing > 20 * spreadOnePeer,
      figure: { xLabel: "rounds", yLabel: "f − f*, sorted by label", yScale: "log", curves: curves.slice(4) },
    };
  },
};

type Four = [number, number, number, number];
