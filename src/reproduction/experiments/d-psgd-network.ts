/**
 * Gossip on a ring beside a ring all-reduce and a parameter server, on a fast network, one of low bandwidth and one of high
 * latency.
 */
import { megabitsPerSecond, milliseconds } from "../../base/units.ts";
import { symmetric } from "../../simulation/link.ts";
import { type Experiment, figures } from "../experiment.ts";
import { IMAGE_FILES, withImages } from "../images.ts";
import { type Outcome, overLog, reached, run, type TrialPoint } from "../trial.ts";

const WORKERS = 16;
const ROUNDS = 200;
const TARGET = 0.9;

const NETWORKS = [
  { network: "fast", link: symmetric(megabitsPerSecond(1000), milliseconds(0.1)) },
  { network: "low bandwidth", link: symmetric(megabitsPerSecond(10), milliseconds(0.1)) },
  { network: "high latency", link: symmetric(megabitsPerSecond(1000), milliseconds(20)) },
] as const;

const METHODS = [
  { method: "D-PSGD", recipe: "d-psgd" },
  { method: "all-reduce", recipe: "all-reduce-sgd:by=ring" },
  { method: "server", recipe: "sgd" },
] as const;

export const dPsgdNetwork: Experiment = {
  name: "d-psgd-network",
  title: "Gossip needs the rounds of an average, and waits neither for a busy port nor for many latencies",
  paper: "arXiv:1705.09056",
  claim:
    "D-PSGD needs the rounds of an exact average, give or take a fifth, and up to ten times less time: by the cost model, per round, 2 messages through a port against a server's 16 at low bandwidth, 1 latency against a ring all-reduce's 30; so at least 5 and 10 times less time to the same accuracy",
  setting: `softmax regression (d = 7850) on 8000 images of MNIST, ${WORKERS} workers with batch 20, lr 0.1, time to a test accuracy of ${TARGET}; 10 ms a gradient; 1 Gbit/s and 0.1 ms, 10 Mbit/s and 0.1 ms, 1 Gbit/s and 20 ms; the paper has networks on CIFAR-10 and up to 112 GPUs`,
  files: IMAGE_FILES,
  run: ({ signal, folder }) =>
    withImages(folder, { model: "softmax", batch: 20 }, async ({ data, model, start, workers }) => {
      const value = async (params: Float32Array) => (await model.evaluate(params, data.test)).accuracy ?? 0;
      const common = { start, stepSize: 0.1, stepCost: milliseconds(10), rounds: ROUNDS, every: 5, value, signal };
      const curves: Outcome[] = [];
      const times: string[] = [];
      const faults: string[] = [];
      for (const { network, link } of NETWORKS) {
        const ends: TrialPoint[] = [];
        for (const { method, recipe } of METHODS) {
          const trial = { ...common, recipe, link, workers: workers("iid", WORKERS) };
          const curve = await run({ ...trial, name: `${method}, ${network}` });
          const end = reached(curve, TARGET);
          if (end === undefined) faults.push(`${curve.name} stays below ${TARGET}`);
          else ends.push(end);
          if (network !== "fast") curves.push(curve);
        }
        const [gossip, ring, server] = ends;
        if (gossip === undefined || ring === undefined || server === undefined) continue;
        times.push(`${network} ${ends.map(({ seconds, x }) => `${figures(seconds)} s (${x} rounds)`).join(", ")}`);
        if (gossip.x > 1.2 * ring.x) faults.push(`D-PSGD needs ${gossip.x} rounds, an average ${ring.x}`);
        if (network === "low bandwidth" && server.seconds < 5 * gossip.seconds) faults.push("a server is too quick");
        if (network === "high latency" && ring.seconds < 10 * gossip.seconds) faults.push("a ring is too quick");
      }
      return {
        measured: `D-PSGD, all-reduce, server: ${times.join("; ")}`,
        holds: faults.length === 0,
        reason: [
          ...faults,
          "at low bandwidth D-PSGD is no quicker than a ring all-reduce: a worker sends 2 d entries a round against 2 d (n − 1)/n",
        ].join("; "),
        figure: {
          xLabel: "log₁₀ of seconds",
          yLabel: "test accuracy",
          yScale: "linear",
          curves: curves.map((curve) => overLog(curve, "seconds")),
        },
      };
    }),
};
