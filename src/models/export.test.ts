import assert from "node:assert/strict";
import { test } from "node:test";
import * as ort from "onnxruntime-node";
import { ModelError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { openData } from "../data/open.ts";
import type { Dataset } from "../ports/dataset.ts";
import { exportModel } from "./export.ts";
import { openModel } from "./open.ts";

const none = () => {};
const sets = {
  digits: await openData("digits", { seed: 1, shared: false, warn: none }),
  shapes: await openData("shapes", { seed: 1, shared: false, warn: none }),
};

/** Share of rows whose largest score is that of their class. */
async function accuracyOf(bytes: Uint8Array, data: Dataset, atOnce: number): Promise<number> {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  assert.deepEqual([session.inputNames, session.outputNames], [["inputs"], ["scores"]]);
  const size = data.inputs.length / data.rows;
  let right = 0;
  for (let first = 0; first + atOnce <= data.rows; first += atOnce) {
    const inputs = data.inputs.slice(first * size, (first + atOnce) * size);
    const { scores } = await session.run({ inputs: new ort.Tensor("float32", inputs, [atOnce, ...data.inputShape]) });
    const [rows, classes] = scores!.dims as [number, number];
    assert.equal(rows, atOnce);
    const values = scores!.data as Float32Array;
    for (let row = 0; row < rows; row++) {
      const own = values.subarray(row * classes, (row + 1) * classes);
      if (own.indexOf(Math.max(...own)) === data.targets[first + row]) right += 1;
    }
  }
  await session.release();
  return right / data.rows;
}

const cases = [
  { spec: "softmax", set: "digits", anyRows: true },
  { spec: "mlp:32", set: "digits", anyRows: true },
  { spec: "cnn", set: "digits", anyRows: true },
  { spec: "resnet:8,norm=batch", set: "shapes", anyRows: true },
] as const;

for (const { spec, set, anyRows } of cases) {
  test(`${spec}: another program finds the same classes in the file`, async () => {
    const { train, test: held } = sets[set];
    const rows = Math.min(120, held.rows);
    const size = held.inputs.length / held.rows;
    const some = { ...held, rows, inputs: held.inputs.slice(0, rows * size), targets: held.targets.slice(0, rows) };
    const model = await openModel(spec, train, { batch: 16 });
    const params = new Float32Array(model.layout.length);
    model.init(Random.fromSeed(3), params);
    const { accuracy } = await model.evaluate(params, some, train);
    await model.close();
    const open = await exportModel(spec, params, train);
    assert.equal(open.rows, anyRows ? null : 1);
    assert.equal(await accuracyOf(open.bytes, some, open.rows ?? 40), accuracy);
    const fixed = await exportModel(spec, params, train, 8);
    assert.equal(fixed.rows, 8);
    assert.equal(await accuracyOf(fixed.bytes, some, 8), accuracy);
  });
}

test("a model without scores is refused", async () => {
  const params = new Float32Array(65);
  await assert.rejects(
    exportModel("analytic:logistic", params, sets.digits.train),
    /expected a model that an engine runs/,
  );
  await assert.rejects(
    exportModel(`${import.meta.dirname}/testing/loss-only.ts`, params, sets.digits.train),
    (error) => error instanceof ModelError && /scores to export/.test(error.message),
  );
});
