import assert from "node:assert/strict";
import { before, test } from "node:test";
import { nn, numpy as np } from "@jax-js/jax";
import { tensorOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { defineModel, type Parameters, type Tensor, type Tensors } from "./define.ts";
import { startJax } from "./jax.ts";
import { linear } from "./layers/linear.ts";
import { lstm } from "./layers/recurrent.ts";
import { firstRows, syntheticData } from "./model.contract.ts";
import { openDefinition } from "./open.ts";
import { normal, zeros } from "./parameters.ts";
import { gradientWithRoundedFlow, roundedAtRandom } from "./rounded-flow.ts";

before(startJax);

const [ROWS, IN, HIDDEN, OUT] = [3, 4, 5, 2];
const BITS = 2;

/** f32 entries that are the same on every run. */
const drawn = (name: string, length: number, uniform = false): Float32Array => {
  const rng = Random.fromSeed(5).split(name);
  return Float32Array.from({ length }, (_, i) => (uniform ? rng.uniform(i) : rng.normal(i)));
};

const x = drawn("x", ROWS * IN);
const weight1 = drawn("weight1", IN * HIDDEN);
const weight2 = drawn("weight2", HIDDEN * OUT);
const noise = [drawn("noise1", ROWS * HIDDEN, true), drawn("noise2", ROWS * OUT, true)] as const;

/** a [n, k] · b [k, m] in f64. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, n: number, k: number, m: number): number[] {
  const entry = (i: number, j: number): number => {
    let sum = 0;
    for (let t = 0; t < k; t++) sum += (a[i * k + t] ?? 0) * (b[t * m + j] ?? 0);
    return sum;
  };
  return Array.from({ length: n * m }, (_, at) => entry(Math.floor(at / m), at % m));
}

const transposed = (a: ArrayLike<number>, n: number, m: number): number[] =>
  Array.from({ length: n * m }, (_, at) => a[(at % n) * m + Math.floor(at / n)] ?? 0);

/** Q, written from its definition. */
function rounded(values: readonly number[], draws: Float32Array): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = (high - low) / (2 ** BITS - 1);
  return values.map((value, i) => low + step * Math.min(3, Math.floor((value - low) / step + (draws[i] ?? 0))));
}

test("two layers: each uses the rounded gradient of its output, for its weights and for the layer below", async () => {
  const loss = (first: Tensor, second: Tensor, inputs: Tensor, ...more: Tensor[]): Tensor => {
    for (const tensor of more) tensor.dispose();
    const y = linear(nn.relu(linear(inputs, first)), second);
    return y.ref.mul(y).sum().mul(0.5);
  };
  const tensor = (entries: Float32Array, ...shape: number[]): Tensor => np.array(entries.slice(), { shape });
  const results = gradientWithRoundedFlow(
    loss as (...tensors: Tensor[]) => Tensor, // it is given as many tensors as it takes
    [0, 1],
    BITS,
  )(
    tensor(weight1, IN, HIDDEN),
    tensor(weight2, HIDDEN, OUT),
    tensor(x, ROWS, IN),
    tensor(noise[0], ROWS, HIDDEN),
    tensor(noise[1], ROWS, OUT),
  );
  const [value, got1, got2] = await Promise.all(([results].flat(2) as Tensor[]).map((result) => result.data()));

  const before1 = product(x, weight1, ROWS, IN, HIDDEN);
  const h = before1.map((entry) => Math.max(0, entry));
  const y = product(h, weight2, ROWS, HIDDEN, OUT);
  const c2 = rounded(y, noise[1]);
  const below = product(c2, transposed(weight2, HIDDEN, OUT), ROWS, OUT, HIDDEN);
  const c1 = rounded(
    below.map((entry, i) => ((before1[i] ?? 0) > 0 ? entry : 0)),
    noise[0],
  );
  const wanted1 = product(transposed(x, ROWS, IN), c1, IN, ROWS, HIDDEN);
  const wanted2 = product(transposed(h, ROWS, HIDDEN), c2, HIDDEN, ROWS, OUT);
  const loss64 = y.reduce((sum, entry) => sum + (entry * entry) / 2, 0);
  assert.ok(Math.abs(Number(value?.[0]) - loss64) < 1e-5 * loss64);
  for (const [got, wanted] of [
    [got1, wanted1],
    [got2, wanted2],
  ] as const) {
    for (const [i, entry] of wanted.entries()) assert.ok(Math.abs(Number(got?.[i]) - entry) < 1e-4, `${i}: ${entry}`);
  }
});

/** A residual network: what flows back to the first layer comes along two ways. */
const residual = (flowBits?: number) =>
  defineModel({
    name: "residual",
    parameters: {
      first: normal([6, 8], 0.5),
      bias: zeros([8]),
      inner: normal([8, 8], 0.5),
      last: normal([8, 3], 0.5),
    },
    predict({ first, bias, inner, last }: Tensors, inputs) {
      const h = nn.relu(linear(inputs, first as Tensor, bias as Tensor));
      return linear(h.ref.add(nn.relu(linear(h, inner as Tensor))), last as Tensor);
    },
    ...(flowBits !== undefined && { flowBits }),
  });

/** Rows of three positions: what flows back to a weight comes from all of them. */
const recurrent = (flowBits?: number) =>
  defineModel({
    name: "recurrent",
    parameters: {
      input: normal([2, 4 * 5], 0.5),
      state: normal([5, 4 * 5], 0.5),
      bias: zeros([4 * 5]),
      last: normal([15, 3], 0.5),
    },
    predict({ input, state, bias, last }: Tensors, inputs) {
      const rows = inputs.shape[0] ?? 1;
      const states = lstm(inputs.reshape([rows, 3, 2]), input as Tensor, state as Tensor, bias as Tensor);
      return linear(states.reshape([rows, 15]), last as Tensor);
    },
    ...(flowBits !== undefined && { flowBits }),
  });

test("what flows into the gates of a recurrent layer is rounded, all positions to the same levels", async () => {
  const [rows, positions, width] = [1, 2, 5];
  const gates = 4 * width;
  const loss = (bias: Tensor, inputs: Tensor, input: Tensor, state: Tensor, ...more: Tensor[]): Tensor => {
    for (const tensor of more) tensor.dispose();
    const states = lstm(inputs, input, state, bias);
    return states.ref.mul(states).sum().mul(0.5);
  };
  const levelsAt = async (bits: number): Promise<number> => {
    const tensor = (name: string, ...shape: number[]): Tensor =>
      np.array(
        drawn(
          name,
          shape.reduce((size, n) => size * n, 1),
          name === "noise",
        ).slice(),
        { shape },
      );
    const [, gradient] = [
      gradientWithRoundedFlow(loss as (...tensors: Tensor[]) => Tensor, [0], bits)(
        tensor("bias", gates),
        tensor("inputs", rows, positions, 3),
        tensor("input", 3, gates),
        tensor("state", width, gates),
        tensor("noise", rows, positions, gates),
      ),
    ].flat(2) as Tensor[];
    const entries = await gradient!.data();
    const apart = 1e-5 * Math.max(...[...entries].map(Math.abs));
    return new Set([...entries].map((entry) => Math.round(Number(entry) / apart))).size;
  };
  // A bias has the sum of what enters its gate at two positions: of 4 levels each, so one of 7.
  assert.ok((await levelsAt(2)) <= 7);
  assert.ok((await levelsAt(16)) > 15);
});

const data = syntheticData(64, [6], 3);

async function gradientOf(flowBits: number | undefined, engine: "ort" | "jax", definition = residual) {
  const model = await openDefinition<Parameters>(definition(flowBits), data, { batch: 64, engine });
  const params = new Float32Array(model.layout.length);
  model.init(Random.fromSeed(3), params);
  const out = new Float32Array(params.length);
  const loss = await model.gradient(params, firstRows(data, 64), out);
  await model.close();
  return { loss, out, layout: model.layout };
}

const distance = (a: Float32Array, b: Float32Array): number => Math.hypot(...a.map((entry, i) => entry - (b[i] ?? 0)));

for (const definition of [residual, recurrent]) {
  const { name } = definition();

  test(`${name}: many bits give the gradient itself, 8 bits one that is near, and the loss is the same`, async () => {
    for (const engine of ["ort", "jax"] as const) {
      const exact = await gradientOf(undefined, engine, definition);
      const [fine, coarse] = [await gradientOf(16, engine, definition), await gradientOf(8, engine, definition)];
      for (const slot of exact.layout.tensors) {
        const wanted = tensorOf(exact.out, slot);
        const off = ({ out }: typeof fine): number => distance(tensorOf(out, slot), wanted) / Math.hypot(...wanted);
        assert.ok(off(fine) < 5e-4, `${engine}, ${slot.name}: ${off(fine)}`);
        assert.ok(off(coarse) > 1e-4 && off(coarse) < 0.1, `${engine}, ${slot.name}: ${off(coarse)}`);
      }
      assert.ok(Math.abs(fine.loss - exact.loss) < 1e-6);
    }
  });
}

test("both engines round alike", async () => {
  const [native, portable] = [await gradientOf(4, "ort"), await gradientOf(4, "jax")];
  assert.ok(distance(native.out, portable.out) < 1e-4 * Math.hypot(...portable.out));
  for (const slot of native.layout.tensors) assert.ok(tensorOf(native.out, slot).some((entry) => entry !== 0));
});

test("rounding at random is right in the mean, and keeps what is equal", async () => {
  const draws = 4096;
  const rng = Random.fromSeed(8);
  const uniform = np.array(Float32Array.from({ length: 3 * draws }, (_, i) => rng.uniform(i)));
  const values = np.array(Float32Array.from({ length: 3 * draws }, (_, i) => [0, 0.3, 1][i % 3] ?? 0));
  const got = await roundedAtRandom(values, uniform, 1).data();
  let sum = 0;
  for (let i = 1; i < got.length; i += 3) sum += Number(got[i]);
  const deviation = Math.sqrt((0.3 * 0.7) / draws);
  assert.ok(Math.abs(sum / draws - 0.3) < 4 * deviation, `${sum / draws}`);
  const equal = await roundedAtRandom(np.array([2, 2]), np.array([0.1, 0.9]), 8).data();
  assert.deepEqual([...equal], [2, 2]);
});
