import assert from "node:assert/strict";
import { test } from "node:test";
import { benchModels } from "./benchmark.ts";

test("the benchmark has a row per model and engine, with median and fastest step by the given clock", async () => {
  let now = 0;
  const ticks = [5, 1, 3, 2, 4];
  let tick = 0;
  const cpuMs = () => (now += tick++ % 2 === 0 ? 0 : (ticks[(tick >> 1) % 5] ?? 0));
  const torchMs = async () => 1.5;
  const { rows } = await benchModels({ cpuMs, torchMs, specs: ["mlp:4"], batch: 8, steps: 5 });
  assert.deepEqual(
    rows.map(({ model, engine }) => [model, engine]),
    [
      ["mlp:4", "onnxruntime cpu"],
      ["mlp:4", "jax-js wasm"],
    ],
  );
  for (const row of rows) assert.deepEqual([row.ms, row.msMin, row.torchMs], [3, 1, 1.5]);
  const [ort, jax] = rows.map(({ checksum }) => checksum);
  assert.ok(Math.abs((ort ?? 0) - (jax ?? 1)) < 1e-4);
});
