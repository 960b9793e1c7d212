/**
 * Candidates: recipes and settings that a plan weighs, with the rounds that each needed where it was measured.
 */
import type { JobOptions } from "../runs/job.ts";

export interface Candidate extends Pick<JobOptions, "recipe" | "compressor" | "down"> {
  readonly recipe: string;
  /** Rounds to the target of `REFERENCE`, beside those of `sgd`: the mean of three seeds. */
  readonly ratio: number;
}

/** Where the ratios come from; `docs/planning.md` has the runs. */
export const REFERENCE =
  "93 % on 10,000 digits of MNIST, mlp:512,128, 8 peers with equal data, --lr 0.05, three seeds (docs/planning.md)";

const QSGD = "qsgd:levels=7,bucket=512";

export const CANDIDATES: readonly Candidate[] = [
  { recipe: "sgd", ratio: 1 },
  { recipe: "all-reduce-sgd", ratio: 1 },
  { recipe: "all-reduce-sgd:by=ring", ratio: 1 },
  { recipe: "compressed-sgd", compressor: QSGD, down: QSGD, ratio: 1.09 },
  { recipe: "all-reduce-sgd:feedback=false", compressor: QSGD, ratio: 1.03 },
  { recipe: "all-reduce-sgd", compressor: "sign", ratio: 2.63 },
  { recipe: "all-reduce-sgd", compressor: "top-k:0.01", ratio: 3.04 },
  { recipe: "double-squeeze", compressor: "sign", ratio: 2.41 },
  { recipe: "double-squeeze", compressor: "top-k:0.1", ratio: 1.14 },
  { recipe: "double-squeeze", compressor: "top-k:0.01", ratio: 2.41 },
  { recipe: "double-squeeze", compressor: "top-k:0.003", ratio: 3.17 },
  { recipe: "double-squeeze", compressor: "top-k:0.001", ratio: 4.11 },
  { recipe: "double-squeeze", compressor: "stc:0.01", ratio: 3.69 },
  { recipe: "powersgd", ratio: 1.5 },
  { recipe: "local-sgd:steps=4", ratio: 0.24 },
  { recipe: "local-sgd", ratio: 0.08 },
  { recipe: "local-sgd:steps=4", compressor: "top-k:0.01", ratio: 0.43 },
  { recipe: "local-sgd", compressor: "top-k:0.01", ratio: 0.16 },
  { recipe: "stc:steps=4", ratio: 1.94 },
  { recipe: "d-psgd", ratio: 0.95 },
  { recipe: "choco", ratio: 0.94 },
];
