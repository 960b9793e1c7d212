/**
 * The methods that the soak trains with, and which laws hold of them.
 */

import type { Sampling } from "../../rounds/participation.ts";

/** What a round does to the parameters, where it can be told from what the workers said. */
export type Law =
  /** x_{r+1} = x_r − mean u: nothing is applied twice, nothing is left out. */
  | "exact"
  /** Workers keep errors: Σ n_r (x_r − x_{r+1}) = Σ u − Σ e, over the workers of a round, of which n_r are expected. */
  | "workers' errors"
  /** The server keeps an error: Σ (x_r − x_{r+1}) = Σ mean u − e. */
  | "server's error"
  /** Members that commit a round have the same bits. */
  | "equal"
  /** Peers differ; all stay finite. */
  | "own models";

export interface SoakMethod {
  readonly recipe: string;
  readonly up?: string;
  readonly down?: string;
  readonly momentum?: string;
  readonly aggregator?: string;
  readonly law: Law;
  /** H, local steps in a round; default 1. */
  readonly steps?: number;
  /** Who takes part in a round; default: all workers. */
  readonly sampling?: Sampling;
  /** There is no server that could be a member of its own. */
  readonly serverless?: boolean;
  /** With members that stay, what is collected has other bits than with members that come and go. */
  readonly collects?: boolean;
  /** The server keeps another model than it sends. */
  readonly keepsExact?: boolean;
}

const TOP = "top-k:0.2";
const exact: Pick<SoakMethod, "law"> = { law: "exact" };
const equal: Pick<SoakMethod, "law"> = { law: "equal" };

const served: readonly SoakMethod[] = [
  { recipe: "sgd", ...exact },
  { recipe: "sgd", momentum: "0.5@server", ...equal },
  { recipe: "sgd", momentum: "0.5@worker", ...equal },
  { recipe: "compressed-sgd", up: "qsgd:levels=4", ...equal },
  { recipe: "double-squeeze", up: TOP, down: TOP, ...equal },
  { recipe: "double-squeeze", up: "sign:scale=mean", down: "sign:scale=mean", momentum: "0.5@worker", ...equal },
  { recipe: "double-squeeze", up: TOP, down: "identity", law: "workers' errors" },
  { recipe: "double-squeeze", up: "identity", down: TOP, law: "server's error" },
  { recipe: "ef-sgd", up: TOP, law: "workers' errors" },
  { recipe: "ef-sgd:rate=outside", up: TOP, law: "workers' errors" },
  { recipe: "ef-signsgd", ...equal },
  { recipe: "ef21", up: TOP, ...equal, collects: true },
  { recipe: "ef21:init=full", up: TOP, down: TOP, ...equal, collects: true },
  { recipe: "ef21:participation=0.5", up: TOP, ...equal, collects: true },
  { recipe: "ef21-plus", up: TOP, ...equal, collects: true },
  { recipe: "artemis", up: "qsgd:levels=2", down: "qsgd:levels=2", ...equal, collects: true },
  { recipe: "artemis:participation=0.5", up: "qsgd:levels=2", down: "qsgd:levels=2", ...equal, collects: true },
  { recipe: "diana", up: "qsgd:levels=2", ...equal, collects: true },
  { recipe: "mcm", ...equal, collects: true, keepsExact: true },
  { recipe: "rand-mcm", law: "own models", collects: true },
  { recipe: "neolithic:steps=2", up: TOP, down: TOP, ...equal, collects: true },
  { recipe: "majority-vote", ...equal },
  { recipe: "majority-vote:ties=previous", ...equal },
  { recipe: "cd-adam", ...equal, collects: true },
  { recipe: "distributed-adam", ...equal },
  { recipe: "cgx", ...equal },
  { recipe: "local-sgd:steps=2", steps: 2, ...exact },
  { recipe: "local-sgd:steps=3", up: TOP, down: "identity", steps: 3, law: "workers' errors" },
  { recipe: "local-sgd:steps=2", up: "identity", down: TOP, steps: 2, law: "server's error" },
  { recipe: "stc", up: "stc:0.2", down: "stc:0.2", ...equal },
  { recipe: "stc:steps=2", up: "stc:0.2", down: "stc:0.2", ...equal },
  { recipe: "stc:participation=0.5", up: "stc:0.2", down: "stc:0.2", ...equal },
  { recipe: "fedavg:steps=2", steps: 2, ...exact },
  { recipe: "fedavg:steps=2,participation=0.5", ...equal },
  {
    recipe: "fedavg:steps=1,participation=0.5",
    up: TOP,
    down: "identity",
    law: "workers' errors",
    sampling: { share: 0.5, draw: "count" },
    collects: true,
  },
  { recipe: "fedavg:steps=1,participation=0.5", up: TOP, down: "qsgd:levels=4", ...equal, collects: true },
  { recipe: "diloco:steps=3", ...equal },
  { recipe: "sparse-loco:steps=2", up: TOP, down: TOP, ...equal },
  { recipe: "powersgd:rank=1", law: "workers' errors" },
];

const serverless: readonly SoakMethod[] = [
  ...["ring", "halving", "tree", "butterfly"].map((by) => ({ recipe: `all-reduce-sgd:by=${by}`, ...exact })),
  { recipe: "all-reduce-sgd:group=2", ...exact },
  { recipe: "all-reduce-sgd:bucket=0.04", ...exact },
  { recipe: "all-reduce-sgd:group=3,bucket=0.04", ...exact },
  { recipe: "all-reduce-sgd", up: TOP, down: TOP, ...equal },
  { recipe: "all-reduce-sgd", up: TOP, down: "identity", law: "workers' errors" as const },
  { recipe: "all-reduce-sgd:bucket=0.04", up: TOP, down: "identity", law: "workers' errors" as const },
  { recipe: "all-reduce-sgd:group=2", up: TOP, down: "identity", ...equal },
  { recipe: "all-reduce-sgd:bucket=0.04", up: TOP, down: TOP, ...equal },
  { recipe: "qsgd-all-gather", up: "qsgd:levels=4", ...equal },
  { recipe: "qsgd-all-gather", up: "qsgd:levels=4", aggregator: "centered-clipping:1", ...equal },
  { recipe: "qsgd-all-gather", up: "sign", aggregator: "majority-vote:ties=previous", ...equal },
  { recipe: "bagua", ...equal },
  { recipe: "bagua:feedback=true,group=2", up: TOP, down: TOP, ...equal },
  { recipe: "bagua:precision=full", ...exact },
  { recipe: "adasum", ...equal },
  { recipe: "powersgd:rank=1,pattern=ring", law: "workers' errors" as const },
].map((method) => ({ ...method, serverless: true }));

const decentralised: readonly SoakMethod[] = [
  { recipe: "d-psgd" },
  { recipe: "d-psgd:topology=ring,order=adapt-then-combine" },
  { recipe: "choco", up: TOP },
  { recipe: "deep-squeeze", up: "qsgd:levels=7" },
  { recipe: "gradient-tracking" },
  { recipe: "exact-diffusion" },
].map((method) => ({ ...method, law: "own models" as const, serverless: true }));

export const soakMethods: readonly SoakMethod[] = [...served, ...serverless, ...decentralised];
