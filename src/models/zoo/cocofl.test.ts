import assert from "node:assert/strict";
import { before, test } from "node:test";
import { numpy as np } from "@jax-js/jax";
import { ConfigError } from "../../base/errors.ts";
import { tensorOf } from "../../base/layout.ts";
import { Random } from "../../base/random.ts";
import { checkJob } from "../../runs/job.ts";
import { simulateJob } from "../../runs/simulate.ts";
import { startJax } from "../jax.ts";
import { heldInt8, roundedInputs } from "../layers/precision.ts";
import { modelContract, syntheticData } from "../model.contract.ts";
import { openModel } from "../open.ts";
import { layersOf } from "./cocofl.ts";

before(startJax);

const data = syntheticData(601, [6], 3);

modelContract("an mlp of which a batch trains every layer", data, 16, () =>
  openModel("cocofl:(mlp:8,5),trained=1", data, { batch: 16 }),
);

test("each batch trains neighbouring layers, and every layer gets its turn", async () => {
  const model = await openModel("cocofl:(mlp:8,8,8),trained=0.5", data, { batch: 4 });
  const params = new Float32Array(model.layout.length);
  model.init(Random.fromSeed(1), params);
  const [out, seen] = [new Float32Array(params.length), new Set<string>()];
  for (let first = 0; first < 160; first += 4) {
    const inputs = data.inputs.subarray(6 * first, 6 * first + 24);
    const batch = { size: 4, inputs, targets: data.targets.subarray(first, first + 4) };
    await model.gradient(params, batch, out);
    const moved = model.layout.tensors.filter((slot) => tensorOf(out, slot).some((entry) => entry !== 0));
    seen.add(moved.map(({ name }) => name).join(" "));
    const again = out.slice();
    await model.gradient(params, batch, again);
    assert.deepEqual(again, out);
  }
  await model.close();
  const layers = [1, 2, 3].map((i) => `weight${i} bias${i} weight${i + 1} bias${i + 1}`);
  assert.deepEqual([...seen].sort(), layers);
});

test("layers are told by the names of their tensors", () => {
  assert.deepEqual(layersOf(["weight1", "bias1", "weight2", "bias2"]), [
    ["weight1", "bias1"],
    ["weight2", "bias2"],
  ]);
  assert.deepEqual(layersOf(["symbols", "block1.qkv.weight", "block1.qkv.bias", "block1.norm.scale"]), [
    ["symbols"],
    ["block1.qkv.weight", "block1.qkv.bias"],
    ["block1.norm.scale"],
  ]);
});

test("what is held lies on 127 levels with room for twice its largest entry, and so do the inputs of its layer", async () => {
  const entries = Float32Array.from({ length: 60 }, (_, i) => Random.fromSeed(6).normal(i));
  const largest = Math.max(...entries.map(Math.abs));
  const tensor = () => np.array(entries.slice(), { shape: [6, 10] });
  const isNear = (values: ArrayLike<number>, step: number) =>
    entries.every((x, i) => {
      const level = Number(values[i]) / step;
      return Math.abs(level - Math.round(level)) < 1e-3 && Math.abs(Number(values[i]) - x) <= 0.5001 * step;
    });
  const weight = heldInt8(tensor());
  assert.ok(isNear(await roundedInputs(tensor(), weight).data(), largest / 127));
  assert.ok(isNear(await weight.data(), (2 * largest) / 127));
  assert.deepEqual([...(await roundedInputs(tensor(), tensor()).data())], [...entries]);
});

test("on the digits, half of the layers at a time, and 8 bits everywhere, come near f32 and all of them", async () => {
  const accuracyOf = async (model: string) => {
    const job = checkJob({ recipe: "sgd", model, data: "digits", peers: "4", batch: "16", lr: "0.1", rounds: "300" });
    return (await simulateJob({ ...job, evalEvery: 300 })).accuracy ?? 0;
  };
  const [all, half] = [await accuracyOf("mlp:32,32"), await accuracyOf("cocofl:(mlp:32,32),trained=0.5")];
  const coarse = await accuracyOf("low-precision:(mlp:32,32),bits=8");
  assert.ok(all > 0.93 && half > 0.93 && coarse > 0.93, `all ${all}, half ${half}, 8 bits ${coarse}`);
});

test("models of models, and shares that train nothing, are refused", async () => {
  for (const spec of ["cocofl:(cocofl:(mlp:8))", "cocofl:(mlp:8),trained=0", "cocofl:(analytic)"]) {
    await assert.rejects(openModel(spec, data, { batch: 4 }), ConfigError, spec);
  }
});
