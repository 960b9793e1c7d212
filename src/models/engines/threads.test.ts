import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Random } from "../../base/random.ts";
import type { Dataset } from "../../ports/dataset.ts";
import { firstRows, symbolData, syntheticData } from "../model.contract.ts";
import { openModel } from "../open.ts";
import type { EngineName } from "./open.ts";

interface Work {
  readonly engine: EngineName;
  readonly spec: string;
  readonly memory: SharedArrayBuffer;
  /** Steps until told to stop, rather than a few. */
  readonly endless?: boolean;
}

const ROWS = 32;
const dataOf = (spec: string): Dataset =>
  spec.startsWith("gpt") ? symbolData(ROWS, 8, 7) : syntheticData(ROWS, [64], 4);

/** Some steps of gradient descent; every bit of the gradients shows in the result. */
async function descend({ engine, spec }: Work, params: Float32Array, goesOn: (step: number) => boolean) {
  const data = dataOf(spec);
  const model = await openModel(spec, data, { batch: ROWS, engine });
  model.init(Random.fromSeed(2), params);
  const out = new Float32Array(params.length);
  for (let step = 0; goesOn(step); step++) {
    await model.gradient(params, firstRows(data, ROWS), out);
    for (let i = 0; i < params.length; i++) params[i] = (params[i] ?? 0) - 0.1 * (out[i] ?? 0);
    await new Promise(setImmediate); // lets a message in
  }
  await model.close();
  return params;
}

async function lengthOf(spec: string): Promise<number> {
  const model = await openModel(spec, dataOf(spec), { batch: ROWS, engine: "jax" });
  await model.close();
  return model.layout.length;
}

const started = (work: Work): Worker => new Worker(new URL(import.meta.url), { workerData: work });
const ended = (worker: Worker): Promise<number> =>
  new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));

const CASES: readonly (readonly [EngineName, string])[] = [
  ["ort", "mlp:16,8"],
  ["ort", "cnn:4,4,8,dropout=0.2"],
  ["ort", "gpt:layers=1,heads=2,width=8"],
  ["jax", "mlp:16,8"],
];

if (isMainThread) {
  for (const [engine, spec] of CASES) {
    test(`${spec} on ${engine}: two threads and the main one run at once, get the same bits, and end by themselves`, async () => {
      const length = await lengthOf(spec);
      const memories = [0, 1].map(() => new SharedArrayBuffer(4 * length));
      const exits = memories.map((memory) => ended(started({ engine, spec, memory })));
      const work = { engine, spec, memory: new SharedArrayBuffer(0) };
      const own = await descend(work, new Float32Array(length), (step) => step < 20);
      assert.deepEqual(await Promise.all(exits), [0, 0]);
      for (const memory of memories) assert.deepEqual(Float32Array.from(new Float32Array(memory)), own);
    });
  }

  test("a thread that is told to stop in mid-run ends its step, frees its session and exits", async () => {
    const spec = "cnn:4,4,8";
    const memory = new SharedArrayBuffer(4 * (await lengthOf(spec)));
    const worker = started({ engine: "ort", spec, memory, endless: true });
    await new Promise((resolve) => worker.once("message", resolve)); // it computes
    worker.postMessage("stop");
    assert.equal(await ended(worker), 0);
  });
} else {
  const work: Work = workerData;
  let isStopped = false;
  parentPort?.once("message", () => {
    isStopped = true;
  });
  await descend(work, new Float32Array(work.memory), (step) => {
    if (step === 1) parentPort?.postMessage("computing");
    return work.endless === true ? !isStopped : step < 20;
  });
  parentPort?.close();
}
