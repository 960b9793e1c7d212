import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../base/errors.ts";
import { type Layout, tensorOf } from "../../base/layout.ts";
import { Random } from "../../base/random.ts";
import type { Batch } from "../../ports/dataset.ts";
import { firstRows, syntheticData } from "../model.contract.ts";
import { openModel } from "../open.ts";
import { models } from "../registry.ts";

/** Parameters by name, in f64. */
type Values = ReadonlyMap<string, Float64Array>;

/** Mean loss of a model in plain f64, written from its definition. */
type Reference = (p: Values, batch: Batch) => number;

const of = (p: Values, name: string): Float64Array => p.get(name) ?? new Float64Array();

const dense = (x: readonly number[], weight: Float64Array, bias: Float64Array): number[] =>
  Array.from(bias, (b, j) => x.reduce((sum, value, i) => sum + value * (weight[i * bias.length + j] ?? 0), b));

const crossEntropy = (scores: readonly number[], target: number): number => {
  const largest = Math.max(...scores);
  const sum = scores.reduce((total, score) => total + Math.exp(score - largest), 0);
  return Math.log(sum) + largest - (scores[target] ?? 0);
};

const meanOver = ({ size, inputs, targets }: Batch, lossOf: (x: number[], y: number) => number): number => {
  const width = inputs.length / size;
  const rowLoss = (i: number) => lossOf([...inputs.subarray(i * width, (i + 1) * width)], targets[i] ?? 0);
  return Array.from({ length: size }, (_, i) => rowLoss(i)).reduce((a, b) => a + b) / size;
};

const sum = (values: Float64Array, f: (w: number) => number): number => values.reduce((total, w) => total + f(w), 0);

const perceptron: Reference = (p, batch) =>
  meanOver(batch, (x, y) => {
    const relu = (values: number[]) => values.map((value) => Math.max(0, value));
    const h1 = relu(dense(x, of(p, "weight1"), of(p, "bias1")));
    const h2 = relu(dense(h1, of(p, "weight2"), of(p, "bias2")));
    return crossEntropy(dense(h2, of(p, "weight3"), of(p, "bias3")), y);
  });

const softmax: Reference = (p, batch) =>
  meanOver(batch, (x, y) => crossEntropy(dense(x, of(p, "weight"), of(p, "bias")), y)) +
  (0.02 / 2) * sum(of(p, "weight"), (w) => w * w);

const logistic =
  (penalty: (w: number) => number): Reference =>
  (p, batch) =>
    meanOver(batch, (x, y) => {
      const [score = 0] = dense(x, of(p, "weight"), of(p, "bias"));
      return Math.log1p(Math.exp(y === 1 ? -score : score));
    }) + sum(of(p, "weight"), penalty);

const CASES: readonly (readonly [spec: string, classes: number, reference: Reference])[] = [
  ["mlp:7,4", 3, perceptron],
  ["softmax:l2=0.02", 3, softmax],
  ["logistic", 2, logistic(() => 0)],
  ["logistic:l2=0.1", 2, logistic((w) => (0.1 / 2) * w * w)],
  ["logistic:nonconvex=0.1", 2, logistic((w) => (0.1 * w * w) / (1 + w * w))],
];

for (const [spec, classes, reference] of CASES) {
  for (const engine of ["ort", "jax"] as const) {
    test(`${spec} on ${engine}: loss and gradient are those of its definition in f64`, async () => {
      const data = syntheticData(24, [5], classes);
      const batch = firstRows(data, 24);
      const model = await openModel(spec, data, { batch: 24, engine });
      const rng = Random.fromSeed(11);
      const params = new Float32Array(model.layout.length).map((_, i) => 0.5 * rng.normal(i));
      const out = new Float32Array(params.length);
      const loss = await model.gradient(params, batch, out);
      await model.close();
      const f = (p: Float64Array) => reference(split(model.layout, p), batch);
      const exact = Float64Array.from(params);
      assert.ok(Math.abs(loss - f(exact)) < 1e-5 * (1 + f(exact)), `loss ${loss}, in f64 ${f(exact)}`);
      const wanted = exact.map((_, i) => centralDifference(f, exact, i));
      const scale = Math.max(...wanted.map(Math.abs));
      for (const [i, g] of wanted.entries())
        assert.ok(Math.abs((out[i] ?? 0) - g) < 1e-5 * scale, `${i}: ${out[i]}, ${g}`);
    });
  }
}

const split = (layout: Layout, p: Float64Array): Values =>
  new Map(layout.tensors.map(({ name, offset, length }) => [name, p.subarray(offset, offset + length)]));

function centralDifference(f: (p: Float64Array) => number, p: Float64Array, i: number): number {
  const h = 1e-5;
  const at = (shift: number) => f(p.with(i, (p[i] ?? 0) + shift));
  return (at(h) - at(-h)) / (2 * h);
}

test("a logistic model at 0 has loss log 2 and half the signed mean of its inputs as gradient", async () => {
  const data = syntheticData(8, [2], 2);
  const model = await openModel("logistic", data, { batch: 8 });
  const out = new Float32Array(3);
  const loss = await model.gradient(new Float32Array(3), firstRows(data, 8), out);
  await model.close();
  assert.ok(Math.abs(loss - Math.LN2) < 1e-6);
  for (const j of [0, 1]) {
    const mean = data.targets.reduce((sum, y, i) => sum + (y === 1 ? -1 : 1) * (data.inputs[2 * i + j] ?? 0), 0) / 8;
    assert.ok(Math.abs((out[j] ?? 0) - mean / 2) < 1e-6);
  }
});

test("the losses stay finite for scores of a thousand", async () => {
  for (const [spec, classes] of [
    ["logistic", 2],
    ["softmax", 3],
  ] as const) {
    const data = syntheticData(8, [4], classes);
    const model = await openModel(spec, data, { batch: 8 });
    const params = new Float32Array(model.layout.length).fill(0).map((_, i) => (i % 2 === 0 ? 1e3 : -1e3));
    const out = new Float32Array(params.length);
    assert.ok(Number.isFinite(await model.gradient(params, firstRows(data, 8), out)));
    assert.ok(out.every(Number.isFinite));
    await model.close();
  }
});

test("an mlp starts from He's deviation in relu layers, from Glorot's in the last, and from 0 in biases", async () => {
  const data = syntheticData(1, [400], 10);
  const model = await openModel("mlp:300", data, { batch: 1 });
  const params = new Float32Array(model.layout.length);
  model.init(Random.fromSeed(1), params);
  await model.close();
  const deviation = (name: string) => {
    const slot = model.layout.tensors.find((tensor) => tensor.name === name);
    assert.ok(slot !== undefined);
    const values = tensorOf(params, slot);
    return Math.sqrt(values.reduce((total, w) => total + w * w, 0) / values.length);
  };
  assert.deepEqual(
    model.layout.tensors.map(({ name }) => name),
    ["weight1", "bias1", "weight2", "bias2"],
  );
  assert.ok(Math.abs(deviation("weight1") / Math.sqrt(2 / 400) - 1) < 0.02);
  assert.ok(Math.abs(deviation("weight2") / Math.sqrt(2 / 310) - 1) < 0.05);
  assert.equal(deviation("bias1") + deviation("bias2"), 0);
});

test("bad specs are refused with the place and, where there is one, the near name", async () => {
  const data = { inputShape: [4], classes: 3 };
  const open = (spec: string) => openModel(spec, data, { batch: 4 });
  await assert.rejects(open("mpl:5"), (error) => error instanceof ConfigError && /mlp/.test(error.hint ?? ""));
  await assert.rejects(open("mlp:0"), ConfigError);
  await assert.rejects(open("mlp:a"), ConfigError);
  await assert.rejects(open("softmax:l3=1"), ConfigError);
  await assert.rejects(open("softmax:l2=-1"), ConfigError);
  await assert.rejects(open("logistic"), (error) => error instanceof ConfigError && /2 classes/.test(error.message));
});

test("every model of the table has a summary, options and its own name", () => {
  assert.deepEqual(
    [...models.keys()],
    ["mlp", "softmax", "logistic", "cnn", "resnet", "gpt", "lstm", "low-precision", "freeze", "cocofl", "analytic"],
  );
  for (const [name, entry] of models)
    assert.ok(entry.name === name && entry.summary !== "" && entry.options.length > 0);
});
