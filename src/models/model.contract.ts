/**
 * What every adapter of the port `Model` keeps; each runs this suite.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ShapeError, ThinwireError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import type { Batch, Dataset } from "../ports/dataset.ts";
import type { Model } from "../ports/model.ts";

const seed = Random.fromSeed(5);

/** Rows of normal inputs, with targets drawn from all classes. */
export function syntheticData(rows: number, inputShape: readonly number[], classes: number): Dataset {
  const rng = seed.split("data");
  const size = inputShape.reduce((product, n) => product * n, 1);
  const inputs = new Float32Array(rows * size).map((_, i) => rng.split("inputs").normal(i));
  const targets = new Int32Array(rows).map((_, i) => rng.split("targets").below(i, classes));
  return { name: "synthetic", rows, inputShape, inputs, targets, classes };
}

/** The first rows of a data set, as a batch. */
export const firstRows = ({ inputs, targets, rows }: Dataset, size: number): Batch => ({
  size,
  inputs: inputs.slice(0, (size * inputs.length) / rows),
  targets: targets.slice(0, size),
});

/** Rows of symbols, below `symbols`, each with the one that follows. */
export function symbolData(rows: number, context: number, symbols: number): Dataset {
  const rng = seed.split("symbols");
  const inputs = new Float32Array(rows * context).map((_, i) => rng.split("inputs").below(i, symbols));
  const targets = new Int32Array(rows).map((_, i) => rng.split("targets").below(i, symbols));
  return { name: "symbols", rows, inputShape: [context], inputs, targets, classes: symbols };
}

/**
 * @param open makes the model for the data, compiled for batches of `batch` rows
 * @param data at least 600 rows, so that an evaluation takes several steps and leaves a remainder
 * @param judged "row by row", or "together" where the moments of all rows count in the metrics of each
 */
export function modelContract(
  what: string,
  data: Dataset,
  batch: number,
  open: () => Promise<Model>,
  judged: "row by row" | "together" = "row by row",
): void {
  describe(`${what} keeps the contract of models`, () => {
    let model: Model;
    let params: Float32Array;
    const rows = firstRows(data, batch);
    const vector = () => new Float32Array(model.layout.length);
    const gradientOf = async (p: Float32Array, b: Batch = rows) => {
      const out = vector().fill(Number.NaN);
      return { loss: await model.gradient(p, b, out), out };
    };

    before(async () => {
      model = await open();
      params = vector();
      model.init(seed.split("init"), params);
      const rng = seed.split("moved");
      for (let i = 0; i < params.length; i++) params[i] = (params[i] ?? 0) + 0.05 * rng.normal(i); // away from 0
    });
    after(() => model.close());

    test("init depends on its generator only, and writes every parameter", () => {
      const [first, again] = [vector().fill(Number.NaN), vector().fill(7)];
      model.init(seed.split("init"), first);
      model.init(seed.split("init"), again);
      assert.deepEqual(first, again);
      assert.ok(first.every(Number.isFinite));
    });

    test("every tensor has a role, if any has", () => {
      if (model.roles !== undefined) assert.equal(model.roles.length, model.layout.tensors.length);
    });

    test("the layout covers the vector without gaps", () => {
      let offset = 0;
      for (const slot of model.layout.tensors) {
        assert.equal(slot.offset, offset);
        offset += slot.length;
      }
      assert.equal(offset, model.layout.length);
    });

    test("gradient overwrites all of `out` and repeats bit for bit", async () => {
      const [one, two] = [await gradientOf(params), await gradientOf(params)];
      assert.ok(one.out.every(Number.isFinite) && one.out.some((x) => x !== 0));
      assert.deepEqual(one, two);
    });

    test("the gradient predicts how the loss changes along it", async () => {
      const { out } = await gradientOf(params);
      const norm = Math.hypot(...out);
      const step = 1e-2;
      const moved = (sign: number) => params.map((p, i) => p + (sign * step * (out[i] ?? 0)) / norm);
      const [ahead, behind] = [await gradientOf(moved(1)), await gradientOf(moved(-1))];
      const slope = (ahead.loss - behind.loss) / (2 * step);
      assert.ok(Math.abs(slope - norm) < 0.02 * norm, `slope ${slope}, norm of the gradient ${norm}`);
    });

    test("parameters and gradient may be parts of larger memory, shared or not, whose neighbours stay untouched", async () => {
      const { loss, out } = await gradientOf(params);
      const d = model.layout.length;
      for (const memory of [new SharedArrayBuffer(4 * (2 * d + 3)), new ArrayBuffer(4 * (2 * d + 3))]) {
        const whole = new Float32Array(memory).fill(9);
        const [p, g] = [whole.subarray(1, d + 1), whole.subarray(d + 2, 2 * d + 2)];
        p.set(params);
        assert.equal(await model.gradient(p, rows, g), loss);
        assert.deepEqual(Float32Array.from(g), out);
        assert.deepEqual([whole[0], whole[d + 1], whole[2 * d + 2]], [9, 9, 9]);
      }
    });

    test("a vector that changes in place is read anew", async () => {
      const p = params.slice();
      const before = await gradientOf(p);
      p.fill(0);
      assert.notDeepEqual((await gradientOf(p)).out, before.out);
      p.set(params);
      assert.deepEqual(await gradientOf(p), before);
    });

    test("batches whose arrays are reused, or longer than needed, or of another size, give the gradient of their rows", async () => {
      const half = firstRows(data, batch / 2);
      const wanted = await gradientOf(params, half);
      const longer = { size: batch / 2, inputs: rows.inputs, targets: rows.targets };
      assert.deepEqual(await gradientOf(params, longer), wanted);
      const reused = { size: batch, inputs: rows.inputs.slice(), targets: rows.targets.slice() };
      const full = await gradientOf(params, reused);
      reused.inputs.fill(0);
      assert.notDeepEqual(await gradientOf(params, reused), full);
    });

    test("calls that overlap give what they give one after the other", async () => {
      const other = params.map((p) => p / 2);
      const wanted = [await gradientOf(params), await gradientOf(other)];
      assert.deepEqual(await Promise.all([gradientOf(params), gradientOf(other)]), wanted);
    });

    test("evaluating the rows of a batch gives its loss", async () => {
      const { loss } = await gradientOf(params);
      const metrics = await model.evaluate(params, { ...data, ...rows, rows: batch });
      assert.ok(Math.abs(metrics.loss - loss) < 1e-5 * (1 + Math.abs(loss)), `${metrics.loss} and ${loss}`);
    });

    test("evaluating many rows gives the mean over all of them", async () => {
      if (judged === "together") {
        const reference = { ...data, ...rows, rows: batch };
        const [whole, part] = [await model.evaluate(params, data, reference), await model.evaluate(params, reference)];
        assert.ok(Number.isFinite(whole.loss) && whole.loss !== part.loss);
        assert.deepEqual(await model.evaluate(params, reference, reference), part);
        return;
      }
      const size = data.inputs.length / data.rows;
      let [loss, accuracy] = [0, 0];
      for (let row = 0; row < data.rows; row += 100) {
        const count = Math.min(100, data.rows - row);
        const inputs = data.inputs.slice(row * size, (row + count) * size);
        const part = { ...data, rows: count, inputs, targets: data.targets.slice(row, row + count) };
        const metrics = await model.evaluate(params, part);
        loss += (count * metrics.loss) / data.rows;
        accuracy += (count * (metrics.accuracy ?? 0)) / data.rows;
      }
      const whole = await model.evaluate(params, data);
      assert.ok(Math.abs(whole.loss - loss) < 1e-5 * (1 + Math.abs(loss)), `${whole.loss} and ${loss}`);
      assert.ok(Math.abs((whole.accuracy ?? 0) - accuracy) < 1e-9);
    });

    test("vectors of another length, and batches with too few rows, are refused", async () => {
      const short = params.subarray(1);
      await assert.rejects(model.gradient(short, rows, vector()), ShapeError);
      await assert.rejects(model.gradient(params, rows, short), ShapeError);
      await assert.rejects(model.evaluate(short, data), ShapeError);
      await assert.rejects(model.gradient(params, { ...rows, size: batch + 1 }, vector()), ShapeError);
    });

    test("close waits for the calls under way, may be called twice, and is final", async () => {
      const own = await open();
      const out = vector();
      const running = own.gradient(params, rows, out);
      await own.close();
      await own.close();
      assert.equal(await running, (await gradientOf(params)).loss);
      await assert.rejects(own.gradient(params, rows, out), ThinwireError);
    });
  });
}
