import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/random.ts";
import { firstRows, modelContract, syntheticData } from "./model.contract.ts";
import { openModel } from "./open.ts";

const classes = 3;
const data = syntheticData(601, [2, 3], classes);
const binary = syntheticData(601, [6], 2);

for (const engine of ["ort", "jax"] as const) {
  modelContract(`mlp on ${engine}`, data, 16, () => openModel("mlp:8,5", data, { batch: 16, engine }));
  modelContract(`logistic on ${engine}`, binary, 16, () =>
    openModel("logistic:nonconvex=0.01", binary, { batch: 16, engine }),
  );
}

test("both engines give the same loss, gradient and metrics to 1e-5", async () => {
  for (const [spec, rows] of [
    ["mlp:8,5", data],
    ["softmax:l2=1e-3", data],
    ["logistic:l2=1e-3", binary],
  ] as const) {
    const results = [];
    for (const engine of ["ort", "jax"] as const) {
      const model = await openModel(spec, rows, { batch: 32, engine });
      const params = new Float32Array(model.layout.length);
      const rng = Random.fromSeed(3);
      for (let i = 0; i < params.length; i++) params[i] = 0.3 * rng.normal(i);
      const out = new Float32Array(params.length);
      const loss = await model.gradient(params, firstRows(rows, 32), out);
      results.push({ loss, out, metrics: await model.evaluate(params, rows) });
      await model.close();
    }
    const [ort, jax] = results;
    assert.ok(ort !== undefined && jax !== undefined);
    const scale = Math.max(...jax.out.map(Math.abs));
    assert.ok(
      ort.out.every((x, i) => Math.abs(x - (jax.out[i] ?? Number.NaN)) <= 1e-5 * scale),
      spec,
    );
    assert.ok(Math.abs(ort.loss - jax.loss) < 1e-5);
    assert.ok(Math.abs(ort.metrics.loss - jax.metrics.loss) < 1e-5);
    assert.ok(Math.abs((ort.metrics.accuracy ?? 0) - (jax.metrics.accuracy ?? 1)) < 2 / rows.rows);
  }
});
