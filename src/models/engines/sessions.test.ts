import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Random } from "../../base/random.ts";
import { firstRows, syntheticData } from "../model.contract.ts";
import { openModel } from "../open.ts";

const data = syntheticData(64, [1, 28, 28], 10);
const MEBIBYTE = 2 ** 20;

/** Opens a model, takes one gradient and closes it; gives the gradient's hash. */
async function session(): Promise<string> {
  const model = await openModel("cnn", data, { batch: 64, engine: "ort" });
  const params = new Float32Array(model.layout.length);
  model.init(Random.fromSeed(1), params);
  const out = new Float32Array(params.length);
  await model.gradient(params, firstRows(data, 64), out);
  await model.close();
  return createHash("sha256").update(out).digest("hex");
}

test("a hundred sessions that are opened and closed give the same bits, and leave no memory behind", async () => {
  const first = await session();
  for (let i = 0; i < 20; i++) await session(); // allocators reach their size
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 100; i++) assert.equal(await session(), first, `session ${i}`);
  const grown = (process.memoryUsage.rss() - before) / MEBIBYTE;
  assert.ok(grown < 200, `${grown.toFixed(0)} MiB grown; sessions that stay hold more than 1,000`);
});
