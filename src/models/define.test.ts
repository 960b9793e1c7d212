import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { random } from "@jax-js/jax";
import { ModelError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { constant, defineModel, nn, normal, np, openDefinition, openModel, zeros } from "./index.ts";
import { firstRows, modelContract, syntheticData } from "./model.contract.ts";

const data = syntheticData(601, [5], 3);
const example = join(import.meta.dirname, "../../examples/my-model.ts");
modelContract("the example of a user's model", data, 16, () => openModel(example, data, { batch: 16 }));

test("the example of a network gives the same loss on both engines", async () => {
  const images = syntheticData(16, [8, 8], 3);
  const network = join(import.meta.dirname, "../../examples/my-network.ts");
  const losses = [];
  for (const engine of ["ort", "jax"] as const) {
    const model = await openModel(network, images, { batch: 16, engine });
    const params = new Float32Array(model.layout.length);
    model.init(Random.fromSeed(1), params);
    losses.push(await model.gradient(params, firstRows(images, 16), new Float32Array(params.length)));
    await model.close();
  }
  assert.ok(Math.abs((losses[0] ?? 0) - (losses[1] ?? 1)) < 1e-5, String(losses));
});

/** Asserts that opening fails with a ModelError whose text matches all of `words`. */
async function refuses(opening: Promise<unknown>, ...words: RegExp[]): Promise<void> {
  await assert.rejects(opening, (error) => {
    assert.ok(error instanceof ModelError, String(error));
    for (const word of words) assert.match(error.message, word);
    return true;
  });
}

describe("a faulty model is refused when it is opened, with what to do", () => {
  const options = { batch: 4 };
  const weight = zeros([5, 3]);

  test("a loss that is no scalar", async () => {
    const model = defineModel({ name: "m", parameters: { weight }, loss: ({ weight }, x) => np.matmul(x, weight) });
    await refuses(openDefinition(model, data, options), /model m: loss/, /\[4,3\]/, /\.mean\(\)/);
  });

  test("scores of a wrong shape, or none", async () => {
    const wide = defineModel({
      name: "m",
      parameters: { weight },
      predict: ({ weight }, x) => np.matmul(x, weight).sum(0),
    });
    const open = await openDefinition({ ...wide, loss: (_, x) => x.sum() }, data, options);
    await refuses(open.evaluate(new Float32Array(15), data), /predict/, /\[rows, 3\]/);
    const nothing = { name: "m", parameters: { weight }, predict: () => undefined };
    // @ts-expect-error: the compiler refuses it too
    await refuses(openDefinition(nothing, data, options), /predict/, /undefined/);
  });

  test("neither loss nor predict, or no parameters", async () => {
    await refuses(openDefinition({ name: "m", parameters: { weight } }, data, options), /loss or predict/);
    await refuses(openDefinition({ name: "m", parameters: {}, loss: (_, x) => x.sum() }, data, options), /parameter/);
  });

  test("a tensor used after its last use", async () => {
    const model = defineModel({ name: "m", parameters: { weight }, loss: (_, x) => x.mul(x).sum() });
    await refuses(openDefinition(model, data, options), /\.ref/, /every use but the last/);
  });

  test("functions that throw, and shapes that do not fit", async () => {
    const throws = defineModel({
      name: "m",
      parameters: { weight },
      loss() {
        throw new TypeError("oops");
      },
    });
    await refuses(openDefinition(throws, data, options), /model m/, /oops/);
    const misfit = defineModel({ name: "m", parameters: { weight }, predict: ({ weight }, x) => np.matmul(weight, x) });
    await refuses(openDefinition(misfit, data, options), /model m/);
    const late = { ...misfit, parameters: (): { weight: typeof weight } => assert.fail("no such layer") };
    await refuses(openDefinition(late, data, options), /no such layer/);
  });

  test("first values that are not finite", async () => {
    const model = defineModel({
      name: "m",
      parameters: { weight: constant([5, 3], Number.NaN) },
      predict: ({ weight }, x) => np.matmul(x, weight),
    });
    const open = await openDefinition(model, data, options);
    assert.throws(() => open.init(Random.fromSeed(1), new Float32Array(15)), /parameter weight.*finite/);
  });
});

describe("a model file", () => {
  const folder = mkdtempSync(join(tmpdir(), "thinwire-models-"));
  after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const open = (path: string) => openModel(path, data, { batch: 4 });

  test("that is missing is named", () => refuses(open("./no-such-model.ts"), /no-such-model\.ts/, /exists/));
  test("that does not run is named with its error", () =>
    refuses(open(write("throws.mjs", `throw new Error("broken at once");`)), /throws\.mjs/, /broken at once/));
  test("without the export says what it exports", () =>
    refuses(open(write("other.mjs", "export const net = 1;")), /other\.mjs/, /exports net/, /defineModel/));
  test("may open a model that computes its gradient itself", async () => {
    const own = await open(
      write(
        "own.mjs",
        "export const model = { name: 'own', open: (data) => ({ name: 'own', size: data.inputSize }) };",
      ),
    );
    assert.deepEqual(own, { name: "own", size: 5 });
  });
  test("whose own model does not open is named with its error", () =>
    refuses(
      open(write("shut.mjs", "export const model = { name: 'shut', open() { throw new Error('no key'); } };")),
      /shut/,
      /no key/,
    ));
  test("whose export is no model is refused", () =>
    refuses(open(write("number.mjs", "export const model = 1;")), /number\.mjs/, /number/));
});

test("parameters keep their order and are drawn by name, so a new one changes no other", async () => {
  const loss = (_: unknown, x: Parameters<typeof nn.relu>[0]) => np.sum(x);
  const [one, two] = [normal([2, 2], 1), normal([3], 1)];
  const small = await openDefinition({ name: "a", parameters: { one, two }, loss }, data, { batch: 4 });
  const large = await openDefinition({ name: "b", parameters: { two, zero: zeros([]), one }, loss }, data, {
    batch: 4,
  });
  const init = (model: typeof small) => {
    const params = new Float32Array(model.layout.length);
    model.init(Random.fromSeed(4), params);
    return params;
  };
  assert.deepEqual(
    large.layout.tensors.map(({ name, offset }) => [name, offset]),
    [
      ["two", 0],
      ["zero", 3],
      ["one", 4],
    ],
  );
  assert.deepEqual([...init(small).subarray(0, 4)], [...init(large).subarray(4)]);
  assert.deepEqual([...init(small).subarray(4)], [...init(large).subarray(0, 3)]);
});

test("a model that ONNX Runtime cannot run is run by jax-js under auto, with one warning, and refused under ort", async () => {
  const model = defineModel({
    name: "shaken",
    parameters: { weight: normal([5, 3], 1) },
    predict: ({ weight }, x) => np.matmul(x, weight).add(random.uniform(random.key(1), [3])),
  });
  await refuses(openDefinition(model, data, { batch: 4, engine: "ort" }), /random_bits/, /jax engine/);
  const warnings: string[] = [];
  const open = await openDefinition(model, data, { batch: 4, onWarning: (line) => warnings.push(line) });
  assert.equal(open.engine, "jax-js wasm");
  const params = new Float32Array(15).fill(0.1);
  assert.ok(Number.isFinite(await open.gradient(params, firstRows(data, 4), new Float32Array(15))));
  await open.evaluate(params, data);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /jax-js wasm.*random_bits/);
  await open.close();
});

test("without predict there is a loss and no accuracy", async () => {
  const model = defineModel({
    name: "mean",
    parameters: { centre: zeros([5]) },
    loss: ({ centre }, x) => nn.relu(x.sub(centre)).mean(),
  });
  const open = await openDefinition(model, data, { batch: 4 });
  assert.deepEqual(Object.keys(await open.evaluate(new Float32Array(5), data)), ["loss"]);
  await open.close();
});
