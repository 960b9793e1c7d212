/** DoubleSqueeze on the bundled digits, simulated: how far do eight peers behind 2 Mbit/s uplinks get, and at what price? */
import { checkJob, simulateJob } from "../src/index.ts"; // outside this repository: from "thinwire"

const job = checkJob({
  recipe: "double-squeeze",
  compressor: "top-k:0.02",
  data: "digits",
  model: "mlp:64",
  peers: "8",
  batch: "32",
  link: "2mbit/20mbit/30ms", // up, down, one-way latency
  until: "accuracy=0.95",
  seed: "7", // every generator is split from this one by name
});

const result = await simulateJob(job, {
  listener: {
    progress: ({ round, metrics }) => {
      if (metrics !== undefined) console.log(`round ${round}: accuracy ${metrics.accuracy?.toFixed(3)}`);
    },
  },
});
console.log(
  `${result.outcome} after ${result.rounds} rounds, ${result.seconds.toFixed(1)} virtual seconds, ` +
    `${result.compressionRatio.toFixed(0)} times fewer bytes`,
);
