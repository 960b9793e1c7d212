/**
 * Experiments in threads of their own, so that several run side by side.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Reproduced } from "../reproduction/result.ts";
import { type CrossedError, rebuildError, siblingEntry } from "../transports/threads/index.ts";

/** What a thread is to run. */
export interface Order {
  readonly name: string;
  /** Where data files lie. */
  readonly folder: string;
}

export interface Answer {
  readonly reproduced?: Reproduced;
  readonly error?: CrossedError;
}

/** Resolves with the result once the thread has ended. @throws what the experiment throws; {Aborted} */
export async function reproduceInThread(order: Order, signal: AbortSignal): Promise<Reproduced> {
  const worker = new Worker(siblingEntry("./reproduction-worker", import.meta.url), { workerData: order });
  const abort = () => worker.postMessage("stop");
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  let answer: Answer | undefined;
  worker.on("message", (message: Answer) => {
    answer = message;
  });
  try {
    await once(worker, "exit"); // rejects with what kept the module from running
  } finally {
    signal.removeEventListener("abort", abort);
  }
  if (answer?.reproduced !== undefined) return answer.reproduced;
  throw answer?.error === undefined
    ? new Error(`bug: ${order.name} ended without an answer`)
    : rebuildError(answer.error);
}
