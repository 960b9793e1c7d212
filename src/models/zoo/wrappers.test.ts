import assert from "node:assert/strict";
import { before, test } from "node:test";
import { numpy as np } from "@jax-js/jax";
import fc from "fast-check";
import { ConfigError } from "../../base/errors.ts";
import { flatLayout, tensorOf } from "../../base/layout.ts";
import { Random } from "../../base/random.ts";
import type { Dataset } from "../../ports/dataset.ts";
import { startJax } from "../jax.ts";
import { atPrecision, roundedInputs, roundedWeights } from "../layers/precision.ts";
import { firstRows, modelContract, syntheticData } from "../model.contract.ts";
import { openModel } from "../open.ts";
import { roundGradient } from "../rounded-gradient.ts";

before(startJax);

const data = syntheticData(601, [6], 3);
const images = syntheticData(601, [1, 8, 8], 3);

modelContract("a frozen mlp", data, 16, () => openModel("freeze:(mlp:8,5),weight1,bias", data, { batch: 16 }));

async function gradientOf(spec: string, on: Dataset, engine: "ort" | "jax" = "ort") {
  const model = await openModel(spec, on, { batch: 16, engine });
  const params = new Float32Array(model.layout.length);
  model.init(Random.fromSeed(1), params);
  const out = new Float32Array(params.length).fill(Number.NaN);
  const loss = await model.gradient(params, firstRows(on, 16), out);
  await model.close();
  return { layout: model.layout, loss, out };
}

test("what is frozen has gradient 0, the rest the gradient it has without, on both engines", async () => {
  for (const engine of ["ort", "jax"] as const) {
    const [whole, part] = [
      await gradientOf("cnn:2,3,4", images, engine),
      await gradientOf("freeze:(cnn:2,3,4),conv", images, engine),
    ];
    assert.equal(part.loss, whole.loss);
    const scale = Math.max(...whole.out.map(Math.abs));
    for (const slot of whole.layout.tensors) {
      const [got, wanted] = [tensorOf(part.out, slot), tensorOf(whole.out, slot)];
      const isFrozen = slot.name.startsWith("conv");
      for (const [i, x] of got.entries()) {
        const isRight = isFrozen ? x === 0 : Math.abs(x - (wanted[i] ?? Number.NaN)) < 1e-6 * scale;
        assert.ok(isRight, `${slot.name}[${i}] on ${engine}`);
      }
    }
  }
});

test("2 bits change the gradient much, 8 bits a little, 12 bits hardly", async () => {
  const gradient = async (bits: number) => (await gradientOf(`low-precision:(mlp:16,8),bits=${bits}`, data)).out;
  const fine = await gradient(16);
  const norm = Math.hypot(...fine);
  const errorOf = async (bits: number) =>
    Math.hypot(...(await gradient(bits)).map((x, i) => x - (fine[i] ?? 0))) / norm;
  const [two, eight, twelve] = [await errorOf(2), await errorOf(8), await errorOf(12)];
  assert.ok(two > 0.3 && eight < 0.15 && twelve < eight / 2, `${two}, ${eight}, ${twelve}`);
});

test("a gradient of few bits has few values in each tensor, the same on every run", async () => {
  const { layout, out } = await gradientOf("low-precision:(mlp:8),bits=3", data);
  assert.deepEqual((await gradientOf("low-precision:(mlp:8),bits=3", data)).out, out);
  for (const slot of layout.tensors) assert.ok(new Set(tensorOf(out, slot)).size <= 8, slot.name);
});

test("rounding at random is off by less than a step, and right in the mean", () => {
  fc.assert(
    fc.property(fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 1, maxLength: 20 }), (values) => {
      const rounded = Float32Array.from(values);
      roundGradient(rounded, flatLayout(values.length), 4, Random.fromSeed(1));
      const step = (Math.max(...values) - Math.min(...values)) / 15;
      for (const [i, x] of values.entries()) assert.ok(Math.abs((rounded[i] ?? Number.NaN) - x) <= 1.001 * step + 1e-6);
    }),
  );
  const values = Float32Array.of(0, 0.3, 1);
  let sum = 0;
  const draws = 100_000;
  for (let draw = 0; draw < draws; draw++) {
    const rounded = values.slice();
    roundGradient(rounded, flatLayout(3), 1, Random.fromSeed(draw));
    sum += rounded[1] ?? 0;
  }
  const deviation = Math.sqrt((0.3 * 0.7) / draws);
  assert.ok(Math.abs(sum / draws - 0.3) < 4 * deviation, `${sum / draws}`);
});

test("weights and inputs are off by half a step at most, and rounding again changes nothing", async () => {
  const values = Random.fromSeed(4);
  const x = Float32Array.from({ length: 24 }, (_, i) => values.normal(i));
  const tensor = () => np.array(x, { shape: [4, 6] });
  const once = await atPrecision(4, () => roundedWeights(tensor())).data();
  const twice = await atPrecision(4, () => roundedWeights(roundedWeights(tensor()))).data();
  const step = (Math.max(...x) - Math.min(...x)) / 15;
  assert.ok(x.every((value, i) => Math.abs((once[i] ?? Number.NaN) - value) <= 0.5001 * step));
  assert.ok(once.every((value, i) => Math.abs((twice[i] ?? Number.NaN) - value) < 1e-5));
  const rows = [0, 1, 2, 3].map((row) => x.subarray(6 * row, 6 * row + 6));
  const mean = (of: (row: Float32Array) => number) => rows.reduce((sum, row) => sum + of(row) / 4, 0);
  const [low, high] = [mean((row) => Math.min(...row)), mean((row) => Math.max(...row))];
  const inputs = await atPrecision(4, () => roundedInputs(tensor(), tensor())).data();
  for (const [i, value] of x.entries()) {
    const cut = Math.min(high, Math.max(low, value));
    assert.ok(Math.abs((inputs[i] ?? Number.NaN) - cut) <= 0.5001 * ((high - low) / 15), `${i}`);
  }
});

test("specs that freeze nothing that is there, or everything, are refused", async () => {
  for (const spec of [
    "freeze:(mlp:8),conv",
    "freeze:(mlp:8),weight,bias",
    "low-precision:(mlp:8),bits=0",
    "freeze:(analytic),x",
  ]) {
    await assert.rejects(openModel(spec, data, { batch: 4 }), ConfigError, spec);
  }
});
