import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError, NonFiniteError } from "../base/errors.ts";
import { layoutOf, tensorOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import {
  adaptWidths,
  chooseBitWidths,
  clusterBitWidths,
  type LayerErrors,
  measuredErrors,
  modelledErrors,
  WIDTHS,
} from "./bit-widths.ts";
import { cgx } from "./cgx.ts";
import { measure } from "./law.contract.ts";
import { someVector } from "./vectors.contract.ts";

const rng = Random.fromSeed(1);
const UNIFORM = WIDTHS.indexOf(4);

/** Errors that fall with the width, by any factors. */
const someLayer: fc.Arbitrary<LayerErrors> = fc
  .tuple(
    fc.integer({ min: 1, max: 100_000 }),
    fc.double({ min: 1e-6, max: 1e3, noNaN: true }),
    fc.array(fc.double({ min: 0.05, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
  )
  .map(([length, first, factors]) => {
    const errors = [first];
    for (const factor of factors) errors.push(errors.at(-1)! * factor);
    return { length, errors };
  });
const someLayers = fc.array(someLayer, { minLength: 1, maxLength: 8 });
const slacks = fc.constantFrom(1, 1.1, 2, 10);
const CELLS = 500; // enough for a property, and fast

const costOf = (layers: readonly LayerErrors[], widths: readonly number[]): number =>
  layers.reduce((sum, { length }, l) => sum + length * widths[l]!, 0);
const errorOf = (layers: readonly LayerErrors[], widths: readonly number[]): number =>
  layers.reduce((sum, { errors }, l) => sum + errors[WIDTHS.indexOf(widths[l]!)]!, 0);
const uniformError = (layers: readonly LayerErrors[]): number =>
  layers.reduce((sum, { errors }) => sum + errors[UNIFORM]!, 0);

test("the result never costs more than 4 bits everywhere, and its error keeps the budget but for the cells", () => {
  fc.assert(
    fc.property(someLayers, slacks, (layers, slack) => {
      const widths = chooseBitWidths(layers, { slack, cells: CELLS });
      assert.equal(widths.length, layers.length);
      assert.ok(
        costOf(layers, widths) <=
          4 *
            costOf(
              layers,
              layers.map(() => 1),
            ),
      );
      const budget = slack * uniformError(layers);
      assert.ok(errorOf(layers, widths) <= budget * (1 + layers.length / CELLS) * (1 + 1e-12));
    }),
  );
});

test("equal sizes and equal convex error curves give 4 bits everywhere", () => {
  for (const count of [1, 2, 7, 40]) {
    const layers = Array.from({ length: count }, () => ({ length: 1000, errors: modelledErrors(3) }));
    assert.deepEqual(chooseBitWidths(layers), new Array(count).fill(4));
  }
});

test("a layer that becomes twice as long never gets more bits", () => {
  fc.assert(
    fc.property(someLayers, fc.nat(), slacks, (layers, at, slack) => {
      const l = at % layers.length;
      const longer = layers.map((layer, i) => (i === l ? { ...layer, length: 2 * layer.length } : layer));
      const [before, after] = [layers, longer].map((all) => chooseBitWidths(all, { slack, cells: CELLS }));
      assert.ok(after![l]! <= before![l]!);
    }),
  );
});

test("no choice of widths within the same cells is cheaper", () => {
  fc.assert(
    fc.property(fc.tuple(someLayer, someLayer, someLayer), slacks, (layers, slack) => {
      const allowed = slack * uniformError(layers);
      const cells = (l: number, b: number) => Math.max(1, Math.ceil((layers[l]!.errors[b]! * CELLS) / allowed));
      let least = Number.POSITIVE_INFINITY;
      for (let a = 0; a < 7; a++) {
        for (let b = 0; b < 7; b++) {
          for (let c = 0; c < 7; c++) {
            if (cells(0, a) + cells(1, b) + cells(2, c) > CELLS + 3) continue;
            least = Math.min(least, costOf(layers, [WIDTHS[a]!, WIDTHS[b]!, WIDTHS[c]!]));
          }
        }
      }
      assert.equal(costOf(layers, chooseBitWidths(layers, { slack, cells: CELLS })), least);
    }),
  );
});

test("a large layer that forgives gives its bits to a small one that does not", () => {
  const layers = [
    { length: 1_000_000, errors: modelledErrors(0.01) },
    { length: 10_000, errors: modelledErrors(1) },
  ];
  const [large, small] = chooseBitWidths(layers);
  assert.ok(large! < 4 && small! > 4);
});

test("layers without any error get the fewest bits, and no layers no widths", () => {
  assert.deepEqual(chooseBitWidths([{ length: 10, errors: new Array(7).fill(0) }]), [2]);
  const errors = [1, 1, 0, 0, 0, 0, 0]; // an empty budget rules 2 and 3 bits out
  assert.deepEqual(chooseBitWidths([{ length: 10, errors }]), [4]);
  assert.deepEqual(chooseBitWidths([]), []);
  assert.deepEqual(clusterBitWidths([]), []);
});

test("NaN, negative and missing errors and a slack below 1 are refused", () => {
  const errors = modelledErrors(1);
  for (const bad of [errors.with(3, Number.NaN), errors.with(0, -1), errors.slice(1)]) {
    assert.throws(() => chooseBitWidths([{ length: 10, errors: bad }]), ConfigError);
  }
  assert.throws(() => chooseBitWidths([{ length: 10, errors }], { slack: 0.5 }), ConfigError);
  assert.throws(() => chooseBitWidths([{ length: 10, errors }], { cells: 0 }), ConfigError);
  assert.throws(() => measuredErrors(Float32Array.of(Number.NaN), 1024), NonFiniteError);
});

test("measured errors fall about four times with every bit", () => {
  const errors = measuredErrors(someVector("normal", 20_000, rng), 512);
  for (let b = 1; b < errors.length; b++) {
    const levels = (2 ** WIDTHS[b]! - 1) / (2 ** WIDTHS[b - 1]! - 1);
    assert.ok(Math.abs(errors[b - 1]! / errors[b]! / levels ** 2 - 1) < 0.15);
  }
});

test("adapted widths keep the error of uniform 4 bits in fewer bytes, and leave biases alone", () => {
  const layout = layoutOf([
    ["embedding", [200, 100]],
    ["bias", [3000]],
    ["small", [32, 40]],
  ]);
  const gradient = new Float32Array(layout.length);
  for (const [t, tensor] of layout.tensors.entries()) {
    const values = someVector("normal", tensor.length, rng.split(tensor.name));
    tensorOf(gradient, tensor).set(values.map((value) => value * [0.01, 1, 1][t]!));
  }
  const widths = adaptWidths(gradient, layout, { bucket: 512 });
  assert.ok(widths[0]! < 4 && widths[1] === 32 && widths[2]! >= 4);
  const [uniform, adapted] = [cgx({ bucket: 512 }), cgx({ bucket: 512, widths })].map((compressor) => {
    const codec = compressor.open(layout.length, layout);
    return { bytes: codec.maxBytes, error: measure(codec, gradient, rng, 10).error };
  });
  assert.ok(adapted!.bytes < uniform!.bytes);
  assert.ok(adapted!.error < 1.02 * uniform!.error);
});

test("clusters give more bits to small layers of large norm", () => {
  const layers = Array.from({ length: 20 }, (_, l) => ({ length: 1000 * (l + 1), norm: 20 - l }));
  const widths = clusterBitWidths(layers);
  assert.deepEqual([widths[0], widths[19]], [8, 2]);
  assert.deepEqual(
    widths,
    widths.toSorted((a, b) => b - a),
  );
  assert.deepEqual(clusterBitWidths([{ length: 5, norm: 0 }]), [4]);
});
