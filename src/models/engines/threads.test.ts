import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Random } from "../../base/random.ts";
import { firstRows, syntheticData } from "../model.contract.ts";
import { openModel } from "../open.ts";
import type { EngineName } from "./open.ts";

const data = syntheticData(32, [12], 4);

/** Some steps of gradient descent; every bit of the gradients shows in the result. */
async function descend(engine: EngineName, params: Float32Array): Promise<Float32Array> {
  const model = await openModel("mlp:16,8", data, { batch: 32, engine });
  model.init(Random.fromSeed(2), params);
  const out = new Float32Array(params.length);
  for (let step = 0; step < 20; step++) {
    await model.gradient(params, firstRows(data, 32), out);
    for (let i = 0; i < params.length; i++) params[i] = (params[i] ?? 0) - 0.1 * (out[i] ?? 0);
  }
  await model.close();
  return params;
}

const LENGTH = 12 * 16 + 16 + 16 * 8 + 8 + 8 * 4 + 4;

if (isMainThread) {
  for (const engine of ["ort", "jax"] as const) {
    test(`${engine}: two threads and the main one run at once, get the same bits, and end by themselves`, async () => {
      const memories = [0, 1].map(() => new SharedArrayBuffer(4 * LENGTH));
      const threads = memories.map((memory) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: { engine, memory } });
        return new Promise<number>((resolve, reject) => worker.once("exit", resolve).once("error", reject));
      });
      const [own, ...exits] = await Promise.all([descend(engine, new Float32Array(LENGTH)), ...threads]);
      assert.deepEqual(exits, [0, 0]);
      for (const memory of memories) assert.deepEqual(Float32Array.from(new Float32Array(memory)), own);
    });
  }
} else {
  const { engine, memory }: { engine: EngineName; memory: SharedArrayBuffer } = workerData;
  await descend(engine, new Float32Array(memory));
  parentPort?.close();
}
