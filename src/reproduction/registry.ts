/**
 * The experiments by name, in the order of their table.
 */
import type { Experiment } from "./experiment.ts";
import { adamCounterexample } from "./experiments/adam-counterexample.ts";
import { adasumBatch } from "./experiments/adasum-batch.ts";
import { cdAdam } from "./experiments/cd-adam.ts";
import { chocoRing } from "./experiments/choco-ring.ts";
import { dPsgdNetwork } from "./experiments/d-psgd-network.ts";
import { dcgdDivergence } from "./experiments/dcgd-divergence.ts";
import { ef21A9a, ef21Mushrooms, ef21W8a } from "./experiments/ef21.ts";
import { exponentialGraphs } from "./experiments/exponential-graphs.ts";
import { fedAvgSkew } from "./experiments/fedavg-skew.ts";
import { localSgdSteps } from "./experiments/local-sgd-steps.ts";
import { majorityVote } from "./experiments/majority-vote.ts";
import { artemisMemory, artemisParticipation, mcmPreserved, mcmStochastic } from "./experiments/memory.ts";
import { naturalCompression } from "./experiments/natural-compression.ts";
import { neolithicMessages } from "./experiments/neolithic.ts";
import { qsgdFloor } from "./experiments/qsgd-floor.ts";
import { signDrift } from "./experiments/sign-drift.ts";
import { signGeneralisation } from "./experiments/sign-generalisation.ts";
import { signRidge, signSmooth } from "./experiments/sign-ridge.ts";
import { cgxNetwork, powerSgdNetwork } from "./experiments/small-network.ts";
import { sparseNoise } from "./experiments/sparse-noise.ts";
import { stcFederated } from "./experiments/stc-federated.ts";
import { unboundedSmoothness } from "./experiments/unbounded-smoothness.ts";

const all: readonly Experiment[] = [
  dcgdDivergence,
  ef21A9a,
  ef21W8a,
  ef21Mushrooms,
  neolithicMessages,
  artemisMemory,
  artemisParticipation,
  mcmPreserved,
  mcmStochastic,
  qsgdFloor,
  naturalCompression,
  signDrift,
  signRidge,
  signSmooth,
  sparseNoise,
  signGeneralisation,
  majorityVote,
  cdAdam,
  adamCounterexample,
  unboundedSmoothness,
  cgxNetwork,
  powerSgdNetwork,
  stcFederated,
  fedAvgSkew,
  localSgdSteps,
  adasumBatch,
  dPsgdNetwork,
  exponentialGraphs,
  chocoRing,
];

export const experiments: ReadonlyMap<string, Experiment> = new Map(all.map((entry) => [entry.name, entry]));
