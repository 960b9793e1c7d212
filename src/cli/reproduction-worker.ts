/**
 * The worker that runs one experiment. Entry module of `reproduction-threads.ts`.
 */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../base/errors.ts";
import { openBench } from "../reproduction/bench.ts";
import { experiments } from "../reproduction/registry.ts";
import { reproduce } from "../reproduction/result.ts";
import { crossError } from "../transports/threads/index.ts";
import type { Answer, Order } from "./reproduction-threads.ts";

const port = parentPort;
assert(port !== null, "this module runs in a worker");
const stop = new AbortController();
port.on("message", () => stop.abort());
const { name, folder }: Order = workerData;
const experiment = experiments.get(name);
assert(experiment !== undefined, `an experiment is called ${name}`);
const answer: Answer = await reproduce(experiment, openBench(folder, stop.signal), () => performance.now()).then(
  (reproduced) => ({ reproduced }),
  (error) => ({ error: crossError(error) }),
);
port.postMessage(answer);
port.close(); // the thread ends by itself: ending one inside a native call aborts the process
