import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigError } from "../../base/errors.ts";
import { Random } from "../../base/random.ts";
import type { Dataset } from "../../ports/dataset.ts";
import type { Model } from "../../ports/model.ts";
import { firstRows, modelContract, symbolData, syntheticData } from "../model.contract.ts";
import { openModel } from "../open.ts";

const images = syntheticData(601, [3, 8, 8], 4);
const digits = syntheticData(601, [64], 10);
const symbols = symbolData(601, 6, 5);

const NETWORKS: readonly (readonly [spec: string, data: Dataset])[] = [
  ["cnn:3,4,8", digits],
  ["cnn:3,4,8,norm=batch,dropout=0.3", digits],
  ["resnet:8,width=2", images],
  ["resnet:8,width=2,norm=batch,flip=0.5,crop=1", images],
  ["gpt:layers=2,heads=2,width=8", symbols],
  ["gpt:layers=1,heads=2,width=8,dropout=0.2", symbols],
  ["lstm:7,embedding=4", symbols],
];

const judged = (spec: string) => (spec.includes("norm=batch") ? "together" : "row by row");
/** Dropped entries and changed images count in gradients, not in metrics. */
const isNoisy = (spec: string) => /dropout|flip/.test(spec);

for (const [spec, data] of NETWORKS.filter(([spec]) => !isNoisy(spec))) {
  modelContract(spec, data, 16, () => openModel(spec, data, { batch: 16, engine: "ort" }), judged(spec));
}

async function measured(model: Model, data: Dataset) {
  const rng = Random.fromSeed(3);
  const params = new Float32Array(model.layout.length);
  model.init(rng, params);
  for (let i = 0; i < params.length; i++) params[i] = (params[i] ?? 0) + 0.1 * rng.split("moved").normal(i);
  const out = new Float32Array(params.length);
  const loss = await model.gradient(params, firstRows(data, 16), out);
  return { loss, out, metrics: await model.evaluate(params, { ...data, ...firstRows(data, 40), rows: 40 }) };
}

describe("both engines give the same loss, gradient and metrics to 2e-5", () => {
  for (const [spec, data] of NETWORKS) {
    test(spec, async () => {
      const results = [];
      for (const engine of ["ort", "jax"] as const) {
        const model = await openModel(spec, data, { batch: 16, engine });
        results.push(await measured(model, data));
        await model.close();
      }
      const [ort, jax] = results;
      assert.ok(ort !== undefined && jax !== undefined);
      const scale = Math.max(...jax.out.map(Math.abs));
      const worst = ort.out.reduce((most, x, i) => Math.max(most, Math.abs(x - (jax.out[i] ?? Number.NaN))), 0);
      assert.ok(worst <= 2e-5 * scale, `gradients differ by ${worst} of ${scale}`);
      assert.ok(Math.abs(ort.loss - jax.loss) < 2e-5);
      assert.ok(Math.abs(ort.metrics.loss - jax.metrics.loss) < 2e-5);
    });
  }
});

test("what is dropped and how images change is drawn from the batch: the same for the same rows, in every model", async () => {
  for (const [spec, data] of NETWORKS.filter(([spec]) => isNoisy(spec))) {
    const plain = spec.replace(/,(dropout|flip|crop)=[\d.]+/g, "");
    const results = [];
    for (const name of [spec, spec, plain]) {
      const model = await openModel(name, data, { batch: 16 });
      results.push(await measured(model, data));
      await model.close();
    }
    const [one, two, without] = results;
    assert.deepEqual(one, two);
    assert.notEqual(one?.loss, without?.loss);
    assert.deepEqual(one?.metrics, without?.metrics); // metrics see every entry, and rows as they are
  }
});

test("networks have as many parameters as in their papers", async () => {
  const count = async (spec: string, inputShape: number[], classes: number) => {
    const model = await openModel(spec, { inputShape, classes }, { batch: 1, engine: "jax" });
    await model.close();
    return model.layout.length;
  };
  assert.equal(await count("resnet:20,norm=batch", [3, 32, 32], 10), 269_722);
  assert.equal(await count("gpt:layers=1,width=32", [16], 65), 65 * 32 * 2 + 16 * 32 + 12 * 32 * 32 + 13 * 32 + 2 * 32);
  assert.equal(await count("lstm:128", [32], 65), 65 * 32 + 4 * 128 * (32 + 128 + 1) + 129 * 65);
});

test("roles tell what normalises from weights and biases", async () => {
  const model = await openModel("cnn:3,4,8,norm=group", digits, { batch: 4 });
  const roles = new Map(model.layout.tensors.map(({ name }, i) => [name, model.roles?.[i]]));
  await model.close();
  assert.deepEqual(
    ["conv1.kernel", "conv1.scale", "conv1.shift", "dense.weight", "dense.bias"].map((name) => roles.get(name)),
    ["weight", "normScale", "normShift", "weight", "bias"],
  );
});

test("a transformer's scores do not depend on what comes later, and untrained it knows nothing", async () => {
  const model = await openModel("gpt:layers=2,heads=2,width=8", symbols, { batch: 8 });
  const params = new Float32Array(model.layout.length);
  model.init(Random.fromSeed(1), params);
  const { loss } = await model.evaluate(params, symbols);
  await model.close();
  assert.ok(Math.abs(loss - Math.log(5)) < 0.05);
});

test("bad specs and data that does not fit are refused", async () => {
  const refused: [string, number[]][] = [
    ["cnn:3,4", [64]],
    ["cnn:norm=bach", [64]],
    ["cnn", [63]],
    ["resnet:9", [3, 32, 32]],
    ["resnet:8,flip=2", [3, 32, 32]],
    ["gpt:heads=3,width=8", [6]],
    ["gpt", [8, 8]],
    ["lstm:0", [6]],
  ];
  for (const [spec, inputShape] of refused) {
    await assert.rejects(openModel(spec, { inputShape, classes: 4 }, { batch: 4 }), ConfigError, spec);
  }
});
